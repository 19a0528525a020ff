#!/usr/bin/env node
// Plain old JavaScript on purpose: it must load on any Node, find the one Waystage pins, or say what to do.

