// Command hello is the least that a Go program does: what starting softkey is
// measured against.
package main

import "fmt"

func main() { fmt.Println("hello") }
