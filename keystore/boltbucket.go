package keystore

import (
	"errors"
	"slices"

	"go.etcd.io/bbolt"
)

// openBucket is a bucket that a transaction has used: to find it in the file
// again would cost as much as to find a key in it.
type openBucket struct {
	*bbolt.Bucket
	name Bucket
	sum  checksum
}

// home holds the buckets of one authenticator.
type home interface {
	Bucket(name []byte) *bbolt.Bucket
	CreateBucketIfNotExists(name []byte) (*bbolt.Bucket, error)
	DeleteBucket(name []byte) error
}

// isReserved tells whether b is beside the buckets of a [Tx].
func isReserved(b Bucket) bool { return b == bucketInfo || b == bucketAuthenticators }

var errReserved = errors.New("the name is reserved")

// bucket returns a bucket of the authenticator, nil if there is none.
func (t *boltTx) bucket(b Bucket) *openBucket {
	for i := range t.open {
		if t.open[i].name == b {
			return &t.open[i]
		}
	}
	if isReserved(b) {
		return nil
	}
	h := t.findHome()
	if h == nil {
		return nil
	}
	return t.keep(b, h.Bucket([]byte(b)))
}

// makeBucket is bucket, but makes one that is not there.
func (t *boltTx) makeBucket(b Bucket) (*openBucket, error) {
	if bucket := t.bucket(b); bucket != nil {
		return bucket, nil
	}
	if isReserved(b) {
		return nil, errReserved
	}
	h, err := t.makeHome()
	if err != nil {
		return nil, err
	}
	bucket, err := h.CreateBucketIfNotExists([]byte(b))
	return t.keep(b, bucket), err
}

// dropBucket deletes a bucket as a whole, if it is there.
func (t *boltTx) dropBucket(b Bucket) error {
	for range t.Keys(b, nil) {
		t.keys--
	}
	defer func() { blame(recover()) }()
	if t.bucket(b) == nil {
		return nil
	}
	t.open = slices.DeleteFunc(t.open, func(o openBucket) bool { return o.name == b })
	return t.write(func() error { return t.home.DeleteBucket([]byte(b)) })
}

// findHome returns what holds the buckets; nil, if nothing of the authenticator
// is there.
func (t *boltTx) findHome() home {
	if t.home != nil {
		return t.home
	}
	if t.name == "" {
		t.home = t.tx
		return t.home
	}
	if t.all == nil {
		t.all = t.tx.Bucket([]byte(bucketAuthenticators))
	}
	if t.all == nil {
		return nil
	}
	if own := t.all.Bucket([]byte(t.name)); own != nil {
		t.home = own
	}
	return t.home
}

// makeHome is findHome, but makes what is not there.
func (t *boltTx) makeHome() (home, error) {
	if h := t.findHome(); h != nil {
		return h, nil
	}
	all, err := t.tx.CreateBucketIfNotExists([]byte(bucketAuthenticators))
	if err != nil {
		return nil, err
	}
	own, err := all.CreateBucketIfNotExists([]byte(t.name))
	if err == nil {
		t.home = own
	}
	return t.home, err
}

// keep notes a bucket that is there. The keys of the credentials only grow: no
// page of theirs is inserted into again, so they are filled to the brim.
func (t *boltTx) keep(b Bucket, bucket *bbolt.Bucket) *openBucket {
	if bucket == nil {
		return nil
	}
	if t.dense || b == bucketCredentials {
		bucket.FillPercent = 1
	}
	if t.open == nil {
		t.open = t.few[:0]
	}
	t.open = append(t.open, openBucket{bucket, b, newChecksum(t.name, b)})
	return &t.open[len(t.open)-1]
}
