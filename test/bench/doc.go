// Package bench measures the whole key over the loopback, framed both ways,
// beside the bare cryptography of the same operation in the same run.
//
// Each benchmark alternates rounds of the key and rounds of the floor, takes
// the CPU time that each round used, and reports the median of the ratios as
// x-floor: figures of different runs are not comparable, ratios are.
package bench
