// The compiled parts of the Boost libraries that can also be header-only: compiled once, here.
#include <boost/asio/impl/src.hpp>
#include <boost/json/src.hpp>
#include <boost/url/src.hpp>
