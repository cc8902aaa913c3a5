package main

import "kith/cli"

// hooks hands the daemon's side to the commands.
func hooks() cli.Hooks { return cli.Hooks{} }
