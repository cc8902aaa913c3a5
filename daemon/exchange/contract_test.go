package exchange_test

import (
	"slices"
	"testing"

	"kith/daemon/exchange/exchangetest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	exchangetest.TestLocal(t, func(*testing.T) exchangetest.Subject {
		ana, genesis := found(1)
		return exchangetest.Subject{
			Local:   &exchangetest.Memory{Of: ana.space},
			Entries: slices.Insert(ana.writeMany(5), 0, genesis),
		}
	})
}
