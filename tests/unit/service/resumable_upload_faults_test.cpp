#include "unit/service/resumable_upload_world.hpp"

namespace clinikk {
namespace {

using namespace testing;
using std::chrono::seconds;

class ResumableUploadFaultsTest : public ::testing::TestWithParam<FakeStorage::Kind> {};
INSTANTIATE_TEST_SUITE_P(Stores, ResumableUploadFaultsTest,
                         ::testing::Values(FakeStorage::Kind::disk, FakeStorage::Kind::bucket));

/// Asks how far the upload has come and goes on from there by that process, as a client does.
Result<UploadStatus> resume(Client const& client) {
    auto const found = client.find();
    if (!found || found->upload.state != ResumableState::open) return found;
    auto const offset = static_cast<std::uint64_t>(found->upload.offset);
    return client.send(film.substr(offset), offset);
}

TEST_P(ResumableUploadFaultsTest, WhateverCallFailsAnotherProcessGoesOnFromWhatWasAcknowledged) {
    for (auto const fault : all_faults) {
        int const calls = for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            auto const caller = world.add_caller("ada");
            Process process(world, GetParam());
            auto const client = begin(process, caller);
            int const before = process.calls.count();
            break_call(process.calls, before + number, fault);
            std::int64_t acknowledged = 0;
            for (auto const& piece : {film.substr(0, 8), film.substr(8)}) {
                RequestBody body(piece);
                auto const status = outcome_of(client.append(body, static_cast<std::uint64_t>(acknowledged)));
                bool const is_taken = status && status->has_value();
                if (!is_taken) break;
                acknowledged = (*status)->upload.offset;
            }
            process.calls.before = process.calls.after = {};
            world.clock.jump(seconds(6));
            EXPECT_GE(world.tables().resumable_uploads.at(client.reference.id).offset, acknowledged);
            Process other(world, GetParam(), "other");
            auto const status = resume(client.by(other));
            EXPECT_TRUE(status);
            auto const tables = world.tables();
            EXPECT_EQ(tables.contents.size(), 1U);
            if (status) EXPECT_EQ(tables.contents.at(client.reference.id).sha256, Sha256::of(film));
            EXPECT_FALSE(tables.uploads.contains(client.reference.id));
            world.expect_nothing_lost();
            world.expect_nothing_left();
            return process.calls.count() >= before + number;
        });
        EXPECT_GE(calls, 15) << name_of(fault);
    }
}

TEST_P(ResumableUploadFaultsTest, WhateverCallFailsARefusedOrCancelledUploadLeavesNothing) {
    for (auto const fault : all_faults) {
        for (bool const is_refused : {true, false}) {
            for_every_call([&](int number) {
                SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
                World world;
                auto const caller = world.add_caller("ada");
                Process process(world, GetParam());
                auto wanted = new_upload();
                wanted.description = film_description(ContentKind::audio);
                auto const client = begin(process, caller, std::move(wanted));
                int const before = process.calls.count();
                break_call(process.calls, before + number, fault);
                RequestBody body(is_refused ? film : film.substr(0, 8));
                outcome_of(client.append(body, 0));
                world.clock.jump(seconds(6));  // a lock that was not let go of runs out
                if (!is_refused) outcome_of(process.resumable_uploads.cancel(client.reference));
                EXPECT_TRUE(world.tables().contents.empty());
                world.expect_nothing_left();
                return process.calls.count() >= before + number;
            });
        }
    }
}

TEST_P(ResumableUploadFaultsTest, WhateverCallFailsABeginningLeavesNothing) {
    for (auto const fault : all_faults) {
        for_every_call([&](int number) {
            SCOPED_TRACE(std::string(name_of(fault)) + " at call " + std::to_string(number));
            World world;
            auto const caller = world.add_caller("ada");
            Process process(world, GetParam());
            auto const piece = begin(process, caller, new_partial(film.size()));
            EXPECT_TRUE(piece.send(film, 0));
            int const before = process.calls.count();
            break_call(process.calls, before + number, fault);
            auto wanted = new_upload({});
            wanted.concat = UploadConcat::final_;
            wanted.pieces = {piece.reference.id};
            auto const begun = outcome_of(process.resumable_uploads.begin(caller, wanted));
            bool const is_made = begun && begun->has_value();
            if (is_made) EXPECT_TRUE(world.tables().contents.contains((*begun)->upload.id));
            world.expect_nothing_lost();
            world.expect_nothing_left();
            return process.calls.count() >= before + number;
        });
    }
}

}  // namespace
}  // namespace clinikk
