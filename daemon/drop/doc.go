// Package drop carries what members write through folders that something else carries: one that is synchronised, a shared disk, a
// stick. Each device puts bundles for the others there, reads theirs, and removes its own once all others are known to have what is
// in them. Files of other names, and bundles that are for others, are left alone.
//
// Nothing that lies in a folder is believed: a bundle is closed for the co-op's devices, and each entry in it speaks for itself.
package drop
