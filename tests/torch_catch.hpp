// SPDX-License-Identifier: Apache-2.0
#pragma once
// Catch2 beside torch: torch defines CHECK too, so it comes first and gives it up. Tests of rooms
// with torch include this, never <catch2/catch.hpp>.
#include <torch/autograd.h>
#include <torch/nn.h>
#undef CHECK
#include <catch2/catch.hpp>
