package keystore

import (
	"errors"

	"go.etcd.io/bbolt"
)

// lastBucket is the bucket that was used last, for the next use.
type lastBucket struct {
	*bbolt.Bucket // nil: none
	name          Bucket
	sum           checksum
}

// A home holds the buckets of one authenticator.
type home interface {
	Bucket(name []byte) *bbolt.Bucket
	CreateBucketIfNotExists(name []byte) (*bbolt.Bucket, error)
}

// isReserved tells whether b is beside the buckets of a [Tx].
func isReserved(b Bucket) bool { return b == bucketInfo || b == bucketAuthenticators }

var errReserved = errors.New("the name is reserved")

// bucket returns a bucket of bbolt, nil if there is none, and makes it the last.
func (t *boltTx) bucket(b Bucket) *bbolt.Bucket {
	if t.last.Bucket != nil && t.last.name == b {
		return t.last.Bucket
	}
	if isReserved(b) {
		return nil
	}
	var h home = t.tx
	if t.name != "" {
		all := t.tx.Bucket([]byte(bucketAuthenticators))
		if all == nil {
			return nil
		}
		own := all.Bucket([]byte(t.name))
		if own == nil {
			return nil
		}
		h = own
	}
	t.setLast(b, h.Bucket([]byte(b)))
	return t.last.Bucket
}

// makeBucket is bucket, but makes one that is not there.
func (t *boltTx) makeBucket(b Bucket) (*bbolt.Bucket, error) {
	if bucket := t.bucket(b); bucket != nil {
		return bucket, nil
	}
	if isReserved(b) {
		return nil, errReserved
	}
	var h home = t.tx
	if t.name != "" {
		all, err := t.tx.CreateBucketIfNotExists([]byte(bucketAuthenticators))
		if err != nil {
			return nil, err
		}
		if h, err = all.CreateBucketIfNotExists([]byte(t.name)); err != nil {
			return nil, err
		}
	}
	bucket, err := h.CreateBucketIfNotExists([]byte(b))
	t.setLast(b, bucket)
	return bucket, err
}

// setLast notes which bucket is used. The keys of the credentials only grow: no
// page of theirs is inserted into again, so they are filled to the brim.
func (t *boltTx) setLast(b Bucket, bucket *bbolt.Bucket) {
	t.last = lastBucket{bucket, b, newChecksum(t.name, b)}
	if bucket != nil && (t.dense || b == bucketCredentials) {
		bucket.FillPercent = 1
	}
}
