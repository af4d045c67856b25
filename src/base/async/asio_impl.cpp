// The compiled part of Boost.Asio, which can also be header-only: compiled once, here.
#include <boost/asio/impl/src.hpp>
