//go:build tools

// Package tools pins the Pulumi CLI: go.mod and go.sum say which modules it is built from, byte for byte.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
