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

/// Answers of operations that read nothing but the database, for as long as the database stays as it was. Every use
/// compares its revision, so what any process changed is seen by the next request. Thread-safe.
class AnswerCache {
public:
    /// The database's revision now; empty when it cannot be told at once, and then nothing is kept.
    using CurrentRevision = std::function<std::optional<Revision>()>;

    /// Past this many bytes of bodies the cache starts anew.
    static constexpr std::size_t capacity = 4UL * 1024 * 1024;

    explicit AnswerCache(CurrentRevision current) : current_(std::move(current)) {}

    std::optional<Revision> revision() const { return current_(); }

    /// What was answered to the same question at this revision.
    std::optional<Response> find(Revision const& revision, Request const& request);

    /// Keeps an answer of text that was begun at this revision, unless the database has changed meanwhile.
    void insert(Revision const& revision, Request const& request, Response const& response);

private:
    struct CachedAnswer {
        int status;
        HeaderBlock headers;
        std::string body;
    };

    CurrentRevision current_;
    std::mutex mutex_;
    Revision revision_{};  ///< of all that is kept
    std::map<std::string, CachedAnswer, std::less<>> answers_;
    std::size_t bytes_ = 0;
};

}  // namespace clinikk::http
