#include "service/upload_ending.hpp"

#include <exception>
#include <utility>

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "domain/appendable_objects.hpp"
#include "service/audit.hpp"
#include "service/upload_description.hpp"
#include "service/upload_pieces.hpp"

namespace clinikk {
namespace {

std::string write_outcome(Error const& why) {
    std::string text = R"({"code":)";
    append_json_string(text, describe(why.code).name);
    text += R"(,"detail":)";
    append_json_string(text, why.detail);
    return text + '}';
}

AppendState state_of(ResumableUpload const& row) { return {static_cast<std::uint64_t>(row.offset), row.progress}; }

}  // namespace

Error read_outcome(ResumableUpload const& row) {
    auto const outcome = read_json(row.outcome);
    auto const* const code = outcome ? outcome->find_text("code") : nullptr;
    auto const* const detail = outcome ? outcome->find_text("detail") : nullptr;
    auto const* const kind = code != nullptr ? find_error_kind(*code) : nullptr;
    if (kind == nullptr || detail == nullptr) throw std::runtime_error("the outcome of an upload cannot be read");
    return {kind->code, *detail};
}

Task<Result<std::optional<Content>>> UploadEnding::complete(Caller const& caller, UploadLock& lock,
                                                            ResumableUpload& row,
                                                            std::unique_ptr<RunningExamination> examination) {
    if (row.concat == UploadConcat::partial) {
        auto const closed = co_await close_partial(lock, row);
        if (!closed) co_return closed.error();
        co_return std::optional<Content>();
    }
    auto content = co_await publish(caller, lock, row, std::move(examination));
    if (content) co_return std::optional(std::move(*content));
    if (is_final(content.error().code)) co_await fail(lock, row, content.error());
    co_return content.error();
}

/// The bytes of a partial upload wait for a concatenation, so its write stays until it expires.
Task<Result<void>> UploadEnding::close_partial(UploadLock& lock, ResumableUpload& row) {
    auto done = row;
    done.state = ResumableState::done;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        bool held = co_await repositories.resumable_uploads().end(done, lock.holder());
        if (held) held = co_await lock.release_in(repositories, done.expires_at);
        if (!held) co_return Error(ErrorCode::upload_interrupted);
        co_return Result<void>{};
    };
    auto const closed = co_await work_.transaction(steps);
    if (!closed) co_return closed;
    lock.note_release();
    row = std::move(done);
    co_return closed;
}

Task<Result<Content>> UploadEnding::publish(Caller const& caller, UploadLock& lock, ResumableUpload& row,
                                            std::unique_ptr<RunningExamination> examination) {
    auto const description = parse_description(row.description);
    bool const is_examined = examination != nullptr;
    auto bytes = co_await examine(lock, row, std::move(examination));
    if (!bytes) co_return bytes.error();

    auto const at = clock_.now();
    auto done = row;
    done.state = ResumableState::done;
    done.progress.clear();
    done.expires_at = at + ended_resumable_upload_life;
    Publication publication{description, description.file_name, object_key(row.id), row.sha256, row.replaces};
    if (is_examined) publication.make_visible = [&](MediaFacts const&) { return make_visible(lock, row); };
    publication.also = [&](Repositories& repositories) -> Task<Result<void>> {
        bool const held = co_await repositories.resumable_uploads().end(done, lock.holder());
        if (!held) co_return Error(ErrorCode::upload_interrupted);
        co_await hand_over_pieces(repositories, row.pieces, at + joined_piece_life);
        co_return Result<void>{};
    };
    auto content = co_await core_.publish(caller, lock.upload(), *bytes, publication);
    if (!content) co_return content.error();
    lock.note_release();
    row = std::move(done);
    co_return content;
}

/// The object stands under its key before it is read. If its bytes were examined on their way, it need not, so that
/// what is refused never does.
Task<Result<ExaminedBytes>> UploadEnding::examine(UploadLock& lock, ResumableUpload const& row,
                                                  std::unique_ptr<RunningExamination> examination) {
    auto const size = static_cast<std::uint64_t>(row.offset);
    if (examination) {
        ExaminedBytes bytes{{size, examination->hash->finish()}, std::move(examination->inspection)};
        co_return bytes;
    }
    auto const visible = co_await make_visible(lock, row);
    if (!visible) co_return visible.error();
    auto& store = objects_.named(lock.upload().store);
    auto const key = object_key(row.id);
    auto bytes = co_await core_.read(store, key, size, lock.lease());
    bool const is_gone = !bytes && bytes.error().code == ErrorCode::upload_not_found;
    if (is_gone) co_return Error(ErrorCode::upload_lost);
    co_return bytes;
}

/// The row names the key before the object exists there, so that a crash in between leaves no stray object.
Task<Result<void>> UploadEnding::make_visible(UploadLock& lock, ResumableUpload const& row) {
    auto const key = object_key(row.id);
    auto const id = row.id.to_string();
    auto const state = state_of(row);
    bool const held = co_await work_.repositories().uploads().start_commit(row.id, lock.holder(), key,
                                                                           clock_.now() + resumable_lease_length);
    if (!held) co_return Error(ErrorCode::upload_interrupted);
    co_return co_await objects_.named(lock.upload().store).appendable().complete(id, state);
}

Task<> UploadEnding::fail(UploadLock& lock, ResumableUpload& row, Error const& why) {
    auto failed = row;
    failed.state = ResumableState::failed;
    failed.outcome = write_outcome(why);
    auto const ended = co_await end(lock, row, std::move(failed), nullptr);
    if (!ended) co_return;
    log_.info("upload.refused", {{"upload", row.id.to_string()}, {"code", describe(why.code).name}});
}

Task<Result<void>> UploadEnding::cancel(Caller const& caller, UploadLock& lock, ResumableUpload& row) {
    auto cancelled = row;
    cancelled.state = ResumableState::cancelled;
    auto const ended = co_await end(lock, row, std::move(cancelled), &caller);
    if (ended) log_.info("upload.aborted", {{"upload", row.id.to_string()}});
    co_return ended;
}

/// The bytes go first: the row tells how to find them. If this process dies in between, the upload is found to be lost.
Task<Result<void>> UploadEnding::end(UploadLock& lock, ResumableUpload& row, ResumableUpload ended,
                                     Caller const* canceller) {
    auto const id = row.id.to_string();
    auto const state = state_of(row);
    auto const at = clock_.now();
    bool const held =
        co_await work_.repositories().uploads().renew(row.id, lock.holder(), row.offset, at + resumable_lease_length);
    if (!held) co_return Error(ErrorCode::upload_interrupted);
    co_await objects_.named(lock.upload().store).appendable().remove(id, state);
    ended.progress.clear();
    ended.expires_at = at + ended_resumable_upload_life;
    UnitOfWork::Steps const steps = [&](Repositories& repositories) -> Task<Result<void>> {
        bool is_ended = co_await repositories.resumable_uploads().end(ended, lock.holder());
        if (is_ended) is_ended = co_await repositories.uploads().finish(ended.id, lock.holder());
        if (!is_ended) co_return Error(ErrorCode::upload_interrupted);
        co_await hand_over_pieces(repositories, row.pieces, at + joined_piece_life);
        if (canceller != nullptr) {
            AuditTarget const target{TargetKind::upload, ended.id};
            co_await record(repositories, *canceller, AuditAction::upload_aborted, target, at);
        }
        co_return Result<void>{};
    };
    auto const done = co_await work_.transaction(steps);
    if (!done) co_return done;
    lock.note_release();
    row = std::move(ended);
    co_return done;
}

}  // namespace clinikk
