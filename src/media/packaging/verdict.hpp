#pragma once

#include <exception>
#include <string>
#include <utility>

#include "media/packaging/make_index.hpp"

namespace clinikk::media::packaging {

/// The file cannot be packaged as it is. The steps of `make_index` throw it, and `make_index` alone catches it.
class Unpackageable : public std::exception {
public:
    Unpackageable(RenditionReason reason, std::string sentence) : verdict_{reason, std::move(sentence)} {}
    char const* what() const noexcept override { return verdict_.sentence.c_str(); }
    NeedsRendition const& verdict() const noexcept { return verdict_; }

private:
    NeedsRendition verdict_;
};

}  // namespace clinikk::media::packaging
