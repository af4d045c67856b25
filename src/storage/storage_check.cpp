#include "storage/storage_check.hpp"

#include <array>
#include <stdexcept>

#include "storage/cors_check.hpp"
#include "storage/s3_diagnosis.hpp"

namespace clinikk {
namespace {

constexpr std::string_view probe = "clinikk-tv check storage";
constexpr std::size_t max_answer_bytes = 64UL * 1024;
constexpr std::chrono::seconds address_life{60};

/// A result that is wrong although nothing was refused.
class Wrong : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class ProbeSource : public ByteSource {
public:
    Task<Result<std::string_view>> next() override {
        auto const piece = left_;
        left_ = {};
        co_return piece;
    }

private:
    std::string_view left_ = probe;
};

}  // namespace

StorageCheck::StorageCheck(ObjectStore& store, client::HttpClient* http, Report report)
    : store_(store), http_(http), report_(std::move(report)) {}

/// Steps that build on a failed one are left out, because they would show nothing.
Task<bool> StorageCheck::run(std::vector<std::string> origins) {
    co_await attempt("list objects", "s3:ListBucket", try_list());
    bool const is_put = co_await attempt("put an object", "s3:PutObject", try_put());
    if (is_put) {
        co_await attempt("read a range of it", "s3:GetObject", try_read());
        co_await attempt("copy it", "s3:GetObject and s3:PutObject", try_copy());
    }
    if (store_.direct_uploads() != nullptr) co_await try_parts();
    for (auto const& origin : origins) {
        auto const step = "browsers at " + origin;
        bool const is_direct = store_.direct_uploads() != nullptr;
        if (is_direct) co_await attempt(step, "s3:PutObject", check_origin(origin));
    }
    if (is_put) co_await attempt("delete objects", "s3:DeleteObject", try_delete());
    if (!left_.empty()) report_("leave nothing behind", "these stay:" + left_);
    co_return is_well_;
}

Task<> StorageCheck::try_parts() {
    bool const is_begun = co_await attempt("begin an upload in parts", "s3:PutObject", try_begin());
    if (is_begun) {
        bool const is_sent = co_await attempt("send a part to its address", "s3:PutObject", try_send_part());
        bool const is_listed =
            is_sent && co_await attempt("list the parts", "s3:ListMultipartUploadParts", try_list_parts());
        if (is_listed) co_await attempt("complete the upload", "s3:PutObject", try_complete());
        co_await attempt("abort an upload", "s3:AbortMultipartUpload", try_abort());
    }
    co_await attempt("list unfinished uploads", "s3:ListBucketMultipartUploads", try_list_unfinished());
}

Task<bool> StorageCheck::attempt(std::string_view step, std::string_view right, Task<> trial) {
    std::string fault;
    std::string const name(step);
    std::string const needed(right);
    try {
        co_await std::move(trial);
    } catch (s3::Failure const& refused) {
        fault = s3::diagnose(refused, needed);
    } catch (std::exception const& failure) {
        fault = failure.what();
    }
    report_(name, fault);
    if (!fault.empty()) is_well_ = false;
    bool const passed = fault.empty();
    co_return passed;
}

Task<> StorageCheck::try_list() { co_await store_.list(key_of(first_), "", 1); }

Task<> StorageCheck::try_put() {
    auto const write = co_await store_.create(first_.to_string());
    write->set_labeller([this] { return ObjectLabel{key_of(first_), "application/octet-stream", "inline"}; });
    ProbeSource source;
    auto const stored = co_await write->write(source, probe.size());
    if (!stored) throw Wrong(stored.error().detail);
    co_await write->commit(key_of(first_));
}

Task<> StorageCheck::try_read() {
    ByteRange const range{8, 5};
    auto const bytes = co_await store_.read_at(key_of(first_), range);
    if (!bytes || *bytes != probe.substr(range.offset, range.length)) throw Wrong("it differs from what was put");
}

Task<> StorageCheck::try_copy() {
    bool const is_there = co_await store_.copy(key_of(first_), key_of(second_));
    if (!is_there) throw Wrong("the object that was put is missing");
}

Task<> StorageCheck::try_begin() {
    ObjectLabel const label{key_of(third_), "application/octet-stream", "inline"};
    upload_ = co_await store_.direct_uploads()->begin(label);
}

Task<> StorageCheck::try_send_part() {
    auto url = co_await part_address();
    auto const answer = co_await send_part(std::move(url), {});
    if (answer.head.status == 200) co_return;
    throw Wrong("a PUT to a presigned address is answered by status " + std::to_string(answer.head.status));
}

Task<> StorageCheck::try_list_parts() {
    auto parts = co_await store_.direct_uploads()->list_parts(upload_);
    bool const is_whole = parts && parts->size() == 1 && parts->front().size == probe.size();
    if (!is_whole) throw Wrong("the part that was sent is not listed");
    parts_ = std::move(*parts);
}

Task<> StorageCheck::try_complete() {
    co_await store_.direct_uploads()->complete(upload_, parts_, probe.size());
    upload_ = {};
}

Task<> StorageCheck::try_abort() {
    if (upload_.upload_id.empty()) co_await try_begin();
    std::exception_ptr failure;
    try {
        co_await store_.direct_uploads()->abort(upload_);
    } catch (...) {
        left_ += " an unfinished upload of " + upload_.key;
        failure = std::current_exception();
    }
    upload_ = {};
    if (failure) std::rethrow_exception(failure);
}

/// Does what the collector does to end what dead processes had begun. There is nothing of this id.
Task<> StorageCheck::try_list_unfinished() { co_await store_.remove_uncommitted(second_.to_string()); }

Task<> StorageCheck::try_delete() {
    std::exception_ptr failure;
    for (auto const& id : {first_, second_, third_}) {
        try {
            co_await store_.remove(key_of(id));
        } catch (...) {
            left_ += ' ' + key_of(id);
            failure = std::current_exception();
        }
    }
    if (failure) std::rethrow_exception(failure);
}

Task<> StorageCheck::check_origin(std::string origin) {
    co_await try_begin();
    auto const url = co_await part_address();
    auto question = preflight(url, origin, "PUT", "content-type");
    auto const may_put = co_await http_->send(std::move(question), max_answer_bytes);
    auto const sent = co_await send_part(url, origin);
    DirectAccess const access{.expires = address_life};
    auto const object = co_await store_.presign(key_of(first_), access);
    question = preflight(object.value(), origin, "GET", "range");
    auto const may_get = co_await http_->send(std::move(question), max_answer_bytes);
    auto const faults =
        std::array{preflight_fault(may_put.head, origin, "PUT", "content-type"),
                   exposure_fault(sent.head, origin, "ETag"), preflight_fault(may_get.head, origin, "GET", "range")};
    co_await store_.direct_uploads()->abort(upload_);
    std::string all;
    for (auto const& fault : faults) {
        if (!fault.empty()) all += (all.empty() ? "" : "; ") + fault;
    }
    if (!all.empty()) throw Wrong(all);
}

Task<std::string> StorageCheck::part_address() {
    std::array const slot{PartSlot{1, probe.size()}};
    auto addresses = co_await store_.direct_uploads()->addresses(upload_, slot, address_life);
    co_return std::move(addresses.parts.front().url);
}

Task<client::HttpAnswer> StorageCheck::send_part(std::string url, std::string origin) {
    client::HttpRequest request;
    request.method = "PUT";
    request.url = std::move(url);
    request.body = probe;
    if (!origin.empty()) request.headers.push_back("Origin: " + origin);
    co_return co_await http_->send(std::move(request), max_answer_bytes);
}

std::string StorageCheck::key_of(Uuid id) const {
    return std::string(object_folders.front()) + id.to_string() + ".bin";
}

}  // namespace clinikk
