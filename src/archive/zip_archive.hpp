#pragma once

#include <memory>

#include "domain/archive.hpp"

namespace clinikk {

/// An empty ZIP archive (PKWARE's APPNOTE 6.3, compressed by Deflate). Its operations throw std::runtime_error when
/// libarchive fails.
std::unique_ptr<Archive> make_zip_archive();

}  // namespace clinikk
