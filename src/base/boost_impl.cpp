// The compiled parts of the Boost libraries that can also be header-only: compiled once, here.
#include <boost/json/src.hpp>
#include <boost/version.hpp>
#if BOOST_VERSION < 108200  // a compiled library of its own from then on: cmake/dependencies.cmake links it
#include <boost/url/src.hpp>
#endif
