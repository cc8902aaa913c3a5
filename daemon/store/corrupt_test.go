package store

import "os"

const readerEnv = "KITH_STORE_READ"

func readAll(dir string) int { _ = os.Getenv; return 0 }
