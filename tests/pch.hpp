// Compiled once, read by every source file of the tests: what the program's own precompiled header has, and the
// framework of the tests. Tests still include what they use.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "../cmake/pch.hpp"
