// hidraw.c is a library to preload into programs that look for security keys
// under /dev, where there is no kernel to plug one into: they find keys that
// `softkey run --transport unix:PATH` has on sockets.
//
//	cc -shared -fPIC -o hidraw.so hidraw.c
//	export SOFTKEY_HIDRAW=unix:/run/user/1000/key.sock LD_PRELOAD=$PWD/hidraw.so
//	fido2-token -L
//
// SOFTKEY_HIDRAW may name several, with commas between them: /dev/hidraw0,
// /dev/hidraw1 and so on. The machine's own keys are out of sight meanwhile.
//
// A pretended node is a socket, so that poll needs no help, and a report is 64 bytes
// of it. This library answers what else libfido2 and hidapi ask of a node of Linux's
// hidraw, and those functions of libudev that they call, no others. For programs of
// 64 bits with glibc 2.34 or newer.

#undef _FORTIFY_SOURCE // which defines read and open itself
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/hidraw.h>
#include <linux/input.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	report_size = 64,
	most_keys = 8,
	most_files = 1024, // file descriptors that may be keys, which is what select can take
};

// The report descriptor of CTAP 2.3 §11.2.8.1.
static const unsigned char descriptor[] = {
	0x06, 0xD0, 0xF1, 0x09, 0x01, 0xA1, 0x01,                                           // FIDO, authenticator
	0x09, 0x20, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, report_size, 0x81, 0x02, // data in
	0x09, 0x21, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, report_size, 0x91, 0x02, // data out
	0xC0,
};

// What the kernel tells of softkey on USB, whatever the profile.
static const struct hidraw_devinfo identity = {BUS_USB, (__s16)0xF1D0, 0x5F01};
static const char uevent[] = "HID_ID=0003:0000F1D0:00005F01\nHID_NAME=softkey\nHID_UNIQ=\n";

// A key has its node, its folder in /sys, and the file there that hidapi reads.
struct key {
	struct sockaddr_un address;
	char node[40], folder[48], descriptor[80];
};

// The keys: written before main, only read since.
static struct key keys[most_keys];
static size_t key_count;

// is_key tells which file descriptors are keys. Threads share it.
static atomic_bool is_key[most_files];

// NEXT is the function that a program would call without this library.
#define NEXT(f) ((__typeof__(&(f)))dlsym(RTLD_NEXT, #f))

#define SAY(...) dprintf(STDERR_FILENO, "softkey-hidraw: " __VA_ARGS__)

static void add_key(const char *address)
{
	static const char scheme[] = "unix:";
	const char *path = address + strlen(scheme);
	struct key *k = &keys[key_count];

	if (strncmp(address, scheme, strlen(scheme)) != 0 || strlen(path) >= sizeof k->address.sun_path ||
	    key_count == most_keys) {
		SAY("SOFTKEY_HIDRAW: %s: not one of up to %d addresses unix:PATH\n", address, most_keys);
		_exit(2);
	}
	k->address.sun_family = AF_UNIX;
	strcpy(k->address.sun_path, path);
	snprintf(k->node, sizeof k->node, "/dev/hidraw%zu", key_count);
	snprintf(k->folder, sizeof k->folder, "/sys/class/hidraw/hidraw%zu", key_count);
	snprintf(k->descriptor, sizeof k->descriptor, "/sys/class/hidraw/hidraw%zu/device/report_descriptor", key_count);
	key_count++;
}

__attribute__((constructor)) static void add_keys(void)
{
	const char *list = getenv("SOFTKEY_HIDRAW");
	char *addresses = strdup(list ? list : ""), *rest = addresses, *address;

	while (addresses && (address = strsep(&rest, ",")))
		add_key(address);
	free(addresses);
}

// Nodes: open, close, read, write, ioctl and fstat.

// connect_key returns a file descriptor, or -1 and says why: the programs take a
// key that does not open for one that is not there.
static int connect_key(const struct key *k)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= most_files) {
		NEXT(close)(fd);
		errno = EMFILE;
		fd = -1;
	}
	if (fd < 0 || connect(fd, (const struct sockaddr *)&k->address, sizeof k->address) < 0) {
		int reason = errno;
		SAY("%s: %s: %s\n", k->node, k->address.sun_path, strerror(reason));
		if (fd >= 0)
			NEXT(close)(fd);
		errno = reason;
		return -1;
	}
	is_key[fd] = true;
	return fd;
}

// open_descriptor returns a file of the report descriptor, for hidapi.
static int open_descriptor(void)
{
	int fd = memfd_create("report_descriptor", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, descriptor, sizeof descriptor, 0) != sizeof descriptor) {
		NEXT(close)(fd);
		return -1;
	}
	return fd;
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	for (size_t i = 0; i < key_count; i++) {
		if (strcmp(path, keys[i].node) == 0)
			return connect_key(&keys[i]);
		if (strcmp(path, keys[i].descriptor) == 0)
			return open_descriptor();
	}
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {
		va_list arguments;
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	return NEXT(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

static bool ours(int fd)
{
	return fd >= 0 && fd < most_files && is_key[fd];
}

int close(int fd)
{
	if (ours(fd))
		is_key[fd] = false; // before another thread can open the same number
	return NEXT(close)(fd);
}

ssize_t read(int fd, void *buffer, size_t size)
{
	unsigned char report[report_size];
	ssize_t n;

	if (!ours(fd))
		return NEXT(read)(fd, buffer, size);
	n = recv(fd, report, sizeof report, MSG_WAITALL);
	if (n < 0)
		return -1;
	if (n < (ssize_t)sizeof report) {
		errno = EIO; // as of a node whose key was unplugged
		return -1;
	}
	if (size > sizeof report)
		size = sizeof report;
	memcpy(buffer, report, size);
	return (ssize_t)size;
}

// What is written begins with the number of the report, 0, which is not sent.
ssize_t write(int fd, const void *buffer, size_t size)
{
	unsigned char report[report_size] = {0};

	if (!ours(fd))
		return NEXT(write)(fd, buffer, size);
	if (size < 1 || size > 1 + sizeof report) {
		errno = EINVAL;
		return -1;
	}
	memcpy(report, (const unsigned char *)buffer + 1, size - 1);
	if (send(fd, report, sizeof report, MSG_NOSIGNAL) != sizeof report) {
		errno = EIO;
		return -1;
	}
	return (ssize_t)size;
}

static int tell(unsigned long request, void *answer)
{
	struct hidraw_report_descriptor *d = answer;

	switch (request) {
	case HIDIOCGRDESCSIZE:
		*(int *)answer = sizeof descriptor;
		return 0;
	case HIDIOCGRDESC:
		memcpy(d->value, descriptor, d->size < sizeof descriptor ? d->size : sizeof descriptor);
		return 0;
	case HIDIOCGRAWINFO:
		memcpy(answer, &identity, sizeof identity);
		return 0;
	}
	errno = EINVAL;
	return -1;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return ours(fd) ? tell(request, argument) : NEXT(ioctl)(fd, request, argument);
}

// libfido2 opens character devices alone.
int fstat(int fd, struct stat *info)
{
	int result = NEXT(fstat)(fd, info);

	if (result == 0 && ours(fd))
		info->st_mode = S_IFCHR | S_IRUSR | S_IWUSR;
	return result;
}

// libudev. Its types are opaque, and so ours to choose: an enumeration is whether
// hidraw is looked for, and a device, its parent and its entry in a list are the
// key. Nothing is counted, as nothing goes away.

void *udev_new(void) { return keys; }
void *udev_unref(void *udev) { return (void)udev, NULL; }

bool *udev_enumerate_new(void *udev) { return (void)udev, calloc(1, sizeof(bool)); }
void *udev_enumerate_unref(bool *hidraw) { return free(hidraw), NULL; }
int udev_enumerate_scan_devices(bool *hidraw) { return (void)hidraw, 0; }

int udev_enumerate_add_match_subsystem(bool *hidraw, const char *subsystem)
{
	*hidraw = strcmp(subsystem, "hidraw") == 0;
	return 0;
}

struct key *udev_enumerate_get_list_entry(bool *hidraw) { return *hidraw && key_count > 0 ? keys : NULL; }
struct key *udev_list_entry_get_next(struct key *k) { return k + 1 < keys + key_count ? k + 1 : NULL; }
const char *udev_list_entry_get_name(struct key *k) { return k->folder; }

struct key *udev_device_new_from_syspath(void *udev, const char *folder)
{
	(void)udev;
	for (size_t i = 0; i < key_count; i++)
		if (strcmp(folder, keys[i].folder) == 0)
			return &keys[i];
	return NULL;
}

void *udev_device_unref(struct key *k) { return (void)k, NULL; }
const char *udev_device_get_devnode(struct key *k) { return k->node; }
const char *udev_device_get_syspath(struct key *k) { return k->folder; }

// There is no parent on USB, as for each key that is plugged in by /dev/uhid.
struct key *udev_device_get_parent_with_subsystem_devtype(struct key *k, const char *subsystem, const char *type)
{
	(void)type;
	return strcmp(subsystem, "hid") == 0 ? k : NULL;
}

const char *udev_device_get_sysattr_value(struct key *k, const char *name)
{
	(void)k;
	return strcmp(name, "uevent") == 0 ? uevent : NULL;
}
