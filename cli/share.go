package cli

import "github.com/urfave/cli/v2"

func (k *kith) share() *cli.Command {
	return group("share", "what we share with allies", k.shareSays()...)
}
