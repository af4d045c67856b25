#include "http/server/answer_cache.hpp"

#include "http/endpoint/content_coding.hpp"

namespace clinikk::http {
namespace {

/// The key of a cached answer: everything besides the database on which it may depend, that is how the service is
/// reached, path and query, and the content coding. `Routes::add_cacheable` accepts no handler that sees anything else.
std::string cache_key(Request const& request) {
    std::string key(request.base_url);
    key += ' ';
    key += request.head.target;
    if (accepts_gzip(request.head)) key += " gzip";
    return key;
}

}  // namespace

std::optional<Response> AnswerCache::find(Revision const& revision, Request const& request) {
    auto const key = cache_key(request);
    std::lock_guard const lock(mutex_);
    if (revision_ != revision) return std::nullopt;
    auto const found = answers_.find(key);
    if (found == answers_.end()) return std::nullopt;
    Response response;
    response.status = found->second.status;
    response.headers = found->second.headers;
    response.body = found->second.body;
    return response;
}

void AnswerCache::insert(Revision const& revision, Request const& request, Response const& response) {
    auto const* const text = std::get_if<std::string>(&response.body);
    if (text == nullptr || text->size() > capacity || current_() != revision) return;
    auto key = cache_key(request);
    std::lock_guard const lock(mutex_);
    if (revision_ != revision || bytes_ + text->size() > capacity) {
        answers_.clear();
        bytes_ = 0;
        revision_ = revision;
    }
    auto const [place, fresh] =
        answers_.try_emplace(std::move(key), CachedAnswer{response.status, response.headers, *text});
    if (fresh) bytes_ += text->size() + place->first.size();
}

}  // namespace clinikk::http
