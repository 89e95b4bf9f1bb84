package keystore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// survey walks over the pages of a file before bbolt may, and believes nothing of
// them. bbolt takes what a page says for a place in memory, and if
// that is false, the garbage collector may stumble over it: no recover helps.
//
//	page    = number (8) || kind (2) || count (2) || further pages (4) || elements || keys and values
//	branch  = element: where the key is, from here (4), its length (4), page (8)
//	leaf    = element: 1 for a bucket (4), where the key is, from here (4), its length (4), that of the value (4)
//	bucket  = value: page (8), or 0 where a leaf follows; not used (8)
//
// All in the machine's byte order.
type survey struct {
	read     pageReader
	pageSize int
	seen     []bool // by page number
	pages    uint64 // that were seen
	keys     uint64 // that are not of the file itself
	progress progress
}

const (
	pageHeader   = 16
	elementSize  = 16
	bucketHeader = 16

	kindBranch = 1
	kindLeaf   = 2
	kindFree   = 16
)

var errPage = errors.New("page is damaged")

// newSurvey returns a survey that has seen the two first pages.
func newSurvey(read pageReader, m meta, p progress) *survey {
	s := &survey{read: read, pageSize: m.pageSize, seen: make([]bool, m.pages), progress: p}
	s.seen[0], s.seen[1] = true, true
	return s
}

// surveyPages surveys the pages that meta leads to, and returns how many keys
// there are, or [ErrDamaged].
func surveyPages(read pageReader, m meta, p progress) (keys uint64, err error) {
	s := newSurvey(read, m, p)
	err = s.tree(m.root, bounds{}, true)
	if err == nil {
		err = s.free(m.freelist)
	}
	if err == nil {
		err = s.all()
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return s.keys, nil
}

// surveyFree surveys the list of free pages alone: a commit writes to those.
func surveyFree(read pageReader, m meta) error {
	if err := newSurvey(read, m, nil).free(m.freelist); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// maxRun is more bytes than a page has with those that belong to it.
const maxRun = 256 << 20

// page returns a page with those that belong to it, which nothing else does.
func (s *survey) page(number uint64) ([]byte, error) {
	if number >= uint64(len(s.seen)) || s.seen[number] {
		return nil, fmt.Errorf("%w: %d", errPage, number)
	}
	page, err := s.pagesFrom(number, 1)
	if err != nil {
		return nil, err
	}
	more := uint64(binary.NativeEndian.Uint32(page[12:]))
	if binary.NativeEndian.Uint64(page) != number || number+more >= uint64(len(s.seen)) || more >= maxRun/uint64(s.pageSize) {
		return nil, fmt.Errorf("%w: %d", errPage, number)
	}
	for n := number; n <= number+more; n++ {
		if s.seen[n] {
			return nil, fmt.Errorf("%w: %d", errPage, n)
		}
		s.seen[n] = true
	}
	s.pages += more + 1
	s.progress.tell(s.pages, uint64(len(s.seen)))
	if more == 0 {
		return page, nil
	}
	return s.pagesFrom(number, more+1)
}

// pagesFrom reads so many pages.
func (s *survey) pagesFrom(number, pages uint64) ([]byte, error) {
	return s.read(int64(number)*int64(s.pageSize), int64(pages)*int64(s.pageSize))
}

// pageReader returns size bytes of a file, which are the caller's.
type pageReader func(at, size int64) ([]byte, error)

// bounds are between which keys those of a page lie; nil: no matter.
type bounds struct {
	from, to []byte // to is not one of them
}

// tree surveys a page and those below it. At the top it is the root of the file.
func (s *survey) tree(number uint64, within bounds, top bool) error {
	page, err := s.page(number)
	if err != nil {
		return err
	}
	defer clear(page) // the keys in it
	switch kindOf(page) {
	case kindLeaf:
		return s.leaf(page, within, top)
	case kindBranch:
		return s.branch(page, within, top)
	}
	return fmt.Errorf("%w: %d", errPage, number)
}

func kindOf(page []byte) uint16 { return binary.NativeEndian.Uint16(page[8:]) }

func (s *survey) branch(page []byte, within bounds, top bool) error {
	keys, err := keysOf(page, 0, within)
	if err != nil || len(keys) == 0 {
		return errors.Join(errPage, err)
	}
	for i, key := range keys {
		below := bounds{from: key, to: within.to}
		if i+1 < len(keys) {
			below.to = keys[i+1]
		}
		child := binary.NativeEndian.Uint64(page[pageHeader+i*elementSize+8:])
		if err := s.tree(child, below, top); err != nil {
			return err
		}
	}
	return nil
}

func (s *survey) leaf(page []byte, within bounds, top bool) error {
	keys, err := keysOf(page, 4, within)
	if err != nil {
		return err
	}
	for i, key := range keys {
		at := pageHeader + i*elementSize
		element := page[at:]
		begin := at + int(binary.NativeEndian.Uint32(element[4:])) + len(key)
		size := int(binary.NativeEndian.Uint32(element[12:])) // below 0 where an int has 32 bits
		if size < 0 || size > len(page)-begin {
			return errPage
		}
		switch binary.NativeEndian.Uint32(element) {
		case 0:
			s.keys++
		case 1:
			if err := s.bucket(page[begin:begin+size], top && string(key) == bucketInfo); err != nil {
				return err
			}
		default:
			return errPage
		}
	}
	return nil
}

// bucket surveys a bucket that lies in a leaf. The keys of the file itself do not
// count.
func (s *survey) bucket(value []byte, ofFile bool) (err error) {
	if len(value) < bucketHeader {
		return errPage
	}
	before := s.keys
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		err = s.tree(root, bounds{}, false)
	} else if page := value[bucketHeader:]; len(page) < pageHeader || kindOf(page) != kindLeaf {
		err = errPage
	} else {
		err = s.leaf(page, bounds{}, false)
	}
	if ofFile {
		s.keys = before
	}
	return err
}

// keysOf returns the keys of a page, which ascend within bounds. Where a key is
// and how long stands at so many bytes in an element.
func keysOf(page []byte, at int, within bounds) ([][]byte, error) {
	count := int(binary.NativeEndian.Uint16(page[10:]))
	heads := pageHeader + count*elementSize
	if heads > len(page) {
		return nil, errPage
	}
	keys := make([][]byte, count)
	for i := range keys {
		begin := pageHeader + i*elementSize
		element := page[begin:]
		begin += int(binary.NativeEndian.Uint32(element[at:]))
		size := int(binary.NativeEndian.Uint32(element[at+4:])) // both below 0 where an int has 32 bits
		if begin < heads || size <= 0 || begin > len(page) || size > len(page)-begin {
			return nil, errPage
		}
		keys[i] = page[begin : begin+size]
		if i > 0 && bytes.Compare(keys[i-1], keys[i]) >= 0 {
			return nil, errPage
		}
	}
	if count == 0 {
		return keys, nil
	}
	if within.from != nil && bytes.Compare(keys[0], within.from) < 0 ||
		within.to != nil && bytes.Compare(keys[count-1], within.to) >= 0 {
		return nil, errPage
	}
	return keys, nil
}

// free surveys the list of free pages, which ascend and are nobody's yet.
func (s *survey) free(number uint64) error {
	page, err := s.page(number)
	if err != nil {
		return err
	}
	count, list := uint64(binary.NativeEndian.Uint16(page[10:])), page[pageHeader:]
	if count == 0xFFFF { // it did not fit: the first of the list is the count
		count, list = binary.NativeEndian.Uint64(list), list[8:]
	}
	if kindOf(page) != kindFree || count > uint64(len(list)/8) {
		return fmt.Errorf("%w: %d", errPage, number)
	}
	last := uint64(0)
	for i := range count {
		n := binary.NativeEndian.Uint64(list[8*i:])
		if n <= last || n >= uint64(len(s.seen)) || s.seen[n] {
			return fmt.Errorf("%w: %d", errPage, n)
		}
		s.seen[n], last = true, n
	}
	return nil
}

// all tells whether each page has been seen: what nothing has is free.
func (s *survey) all() error {
	for n, seen := range s.seen {
		if !seen {
			return fmt.Errorf("%w: %d is nobody's", errPage, n)
		}
	}
	return nil
}
