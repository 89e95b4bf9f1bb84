package uhid

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
)

const (
	hidrawTimeout = 2 * time.Second
	hidrawPoll    = 2 * time.Millisecond
)

// awaitHidraw returns the path of the hidraw node of the device with the serial
// number uniq, "" if the kernel makes none in time. It waits for udev, which
// gives the node its owner and mode, but no longer than is reasonable.
func awaitHidraw(ctx context.Context, root fs.FS, uniq string) (node string) {
	ctx, stop := context.WithTimeout(ctx, hidrawTimeout)
	defer stop()
	poll := time.NewTicker(hidrawPoll)
	defer poll.Stop()
	for {
		name, ready := findHidraw(root, uniq)
		if name != "" {
			node = "/dev/" + name
		}
		if ready {
			return node
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return node
		}
	}
}

// findHidraw looks a hidraw device up in /sys. It is ready when its node is
// there and udev, if it runs, has written its record.
func findHidraw(root fs.FS, uniq string) (name string, ready bool) {
	ids, _ := fs.Glob(root, "sys/class/hidraw/*/device/uevent")
	for _, id := range ids {
		if hasLine(root, id, "HID_UNIQ="+uniq) {
			device := path.Dir(path.Dir(id))
			name = path.Base(device)
			return name, exists(root, "dev/"+name) && (!exists(root, "run/udev/control") || exists(root, udevRecord(root, device)))
		}
	}
	return "", false
}

// udevRecord returns the path of what udev knows of a character device.
func udevRecord(root fs.FS, device string) string {
	number, _ := fs.ReadFile(root, device+"/dev") // such as "247:0"
	return fmt.Sprintf("run/udev/data/c%s", strings.TrimSpace(string(number)))
}

func hasLine(root fs.FS, file, line string) bool {
	content, _ := fs.ReadFile(root, file)
	for l := range strings.Lines(string(content)) {
		if strings.TrimSpace(l) == line {
			return true
		}
	}
	return false
}

func exists(root fs.FS, file string) bool {
	_, err := fs.Stat(root, file)
	return err == nil
}
