package cli

import "github.com/urfave/cli/v2"

func (k *kith) ally() *cli.Command {
	return group("ally", "co-ops that we work with", k.allyEnd())
}
