#include "base/error.hpp"

#include <algorithm>
#include <array>

#include "base/errors/access.hpp"
#include "base/errors/content.hpp"
#include "base/errors/http.hpp"
#include "base/errors/idempotency.hpp"
#include "base/errors/media.hpp"
#include "base/errors/resumable_upload.hpp"
#include "base/errors/service.hpp"
#include "base/errors/upload.hpp"
#include "base/errors/user.hpp"

namespace clinikk {
namespace {

template <std::size_t... Sizes>
consteval auto join(std::array<ErrorKind, Sizes> const&... parts) {
    std::array<ErrorKind, (Sizes + ...)> all{};
    auto end = all.begin();
    ((end = std::ranges::copy(parts, end).out), ...);
    return all;
}

/// One part for each group of `ErrorCode`, in the same order: the index of a row is the value of its code.
constexpr auto catalogue =
    join(errors::http_errors, errors::user_errors, errors::access_errors, errors::content_errors, errors::upload_errors,
         errors::resumable_upload_errors, errors::media_errors, errors::service_errors, errors::idempotency_errors);
constexpr auto last_code = ErrorCode::too_many_idempotency_keys;

consteval bool is_in_order() {
    for (std::size_t i = 0; i < catalogue.size(); ++i) {
        if (static_cast<std::size_t>(catalogue[i].code) != i) return false;
    }
    return catalogue.size() == static_cast<std::size_t>(last_code) + 1;
}
static_assert(is_in_order(), "the parts of the catalogue list every ErrorCode once, in its order");

consteval bool has_unique_names() {
    for (std::size_t i = 0; i < catalogue.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (catalogue[i].name == catalogue[j].name) return false;
        }
    }
    return true;
}
static_assert(has_unique_names(), "a name leads to one code");

}  // namespace

ErrorKind const& describe(ErrorCode code) noexcept { return catalogue[static_cast<std::size_t>(code)]; }

ErrorKind const* find_error_kind(std::string_view name) noexcept {
    auto const* found = std::ranges::find(catalogue, name, &ErrorKind::name);
    return found == catalogue.end() ? nullptr : found;
}

void throw_exception_from_error(Error const& error, boost::source_location const& where) {
    throw UnexpectedError(std::string(describe(error.code).name) + " at " + where.file_name() + ":" +
                          std::to_string(where.line()));
}

}  // namespace clinikk
