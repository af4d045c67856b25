#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "domain/revision.hpp"
#include "http/endpoint/request.hpp"
#include "http/endpoint/response.hpp"

namespace clinikk::http {

/// Caches answers of operations that read nothing but the database, as long as the database does not change. Every use
/// compares the revision of the database, so the next request sees the changes of any process. Thread-safe.
class AnswerCache {
public:
    /// The current revision of the database; empty when it is not known without waiting, and then nothing is cached.
    using CurrentRevision = std::function<std::optional<Revision>()>;

    /// When the bodies exceed this many bytes, the cache is emptied.
    static constexpr std::size_t capacity = 4UL * 1024 * 1024;

    explicit AnswerCache(CurrentRevision current) : current_(std::move(current)) {}

    std::optional<Revision> revision() const { return current_(); }

    /// The answer to the same request at this revision, if it is cached.
    std::optional<Response> find(Revision const& revision, Request const& request);

    /// Caches a text answer that was begun at this revision, unless the database has changed meanwhile.
    void insert(Revision const& revision, Request const& request, Response const& response);

private:
    struct CachedAnswer {
        int status;
        HeaderBlock headers;
        std::string body;
    };

    CurrentRevision current_;
    std::mutex mutex_;
    Revision revision_{};  ///< of all cached answers
    std::map<std::string, CachedAnswer, std::less<>> answers_;
    std::size_t bytes_ = 0;
};

}  // namespace clinikk::http
