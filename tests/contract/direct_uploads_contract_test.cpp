#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/uuid.hpp"
#include "contract/s3_under_test.hpp"
#include "domain/direct_uploads.hpp"
#include "support/fakes/fake_object_store.hpp"
#include "support/run_task.hpp"

namespace clinikk::testing {
namespace {

/// A store that takes direct uploads, and a client that sends parts to it.
class DirectUploadsUnderTest {
public:
    virtual ~DirectUploadsUnderTest() = default;
    virtual ObjectStore& store() = 0;
    /// Sends a part to its address; its ETag, or nothing when it is refused.
    virtual std::string put(DirectUploadHandle const& upload, PartAddress const& address, std::string bytes) = 0;
};

class FakeDirectUploadsUnderTest final : public DirectUploadsUnderTest {
public:
    ObjectStore& store() override { return store_; }
    std::string put(DirectUploadHandle const& upload, PartAddress const& address, std::string bytes) override {
        return bytes.size() == address.size ? storage_.put_part(upload, address.number, std::move(bytes)) : "";
    }

private:
    app::SystemClock clock_;
    Calls calls_;
    FakeStorage storage_{.kind = FakeStorage::Kind::bucket};
    FakeObjectStore store_{storage_, clock_, calls_};
};

class S3DirectUploadsUnderTest final : public DirectUploadsUnderTest {
public:
    ObjectStore& store() override { return bucket_.store(); }
    std::string put(DirectUploadHandle const&, PartAddress const& address, std::string bytes) override {
        client::HttpRequest request;
        request.method = "PUT";
        request.url = address.url;
        request.body = bytes;
        auto const answer = run_task(bucket_.http().send(std::move(request), 65'536));
        return answer.head.status == 200 ? std::string(answer.head.find("etag")) : "";
    }

private:
    S3UnderTest bucket_;
};

using MakeDirectUploads = std::unique_ptr<DirectUploadsUnderTest> (*)();

std::vector<MakeDirectUploads> all_direct_uploads() {
    std::vector<MakeDirectUploads> all{
        []() -> std::unique_ptr<DirectUploadsUnderTest> { return std::make_unique<FakeDirectUploadsUnderTest>(); }};
    if (has_test_bucket()) {
        all.push_back(
            []() -> std::unique_ptr<DirectUploadsUnderTest> { return std::make_unique<S3DirectUploadsUnderTest>(); });
    }
    return all;
}

/// S3 takes no smaller parts but the last.
constexpr std::size_t part_size = 5UL * 1024 * 1024;

class DirectUploadsContract : public ::testing::TestWithParam<MakeDirectUploads> {
protected:
    ObjectStore& store() { return under_test_->store(); }
    DirectUploads& direct() { return *store().direct_uploads(); }

    DirectUploadHandle begin() { return begin("objects/" + new_uuid().to_string()); }
    DirectUploadHandle begin(std::string key) {
        ObjectLabel const label{std::move(key), "video/mp4", "inline"};
        return run_task(direct().begin(label));
    }

    std::string put(DirectUploadHandle const& upload, int number, std::string bytes) {
        std::vector<PartSlot> const slots{{number, bytes.size()}};
        auto const addresses = run_task(direct().addresses(upload, slots, std::chrono::seconds(60)));
        return under_test_->put(upload, addresses.parts.at(0), std::move(bytes));
    }

    std::vector<StoredPart> parts_of(DirectUploadHandle const& upload) {
        return run_task(direct().list_parts(upload)).value();
    }

    std::unique_ptr<DirectUploadsUnderTest> under_test_ = GetParam()();
    std::string const first_ = std::string(part_size, 'a');
    std::string const last_ = "the end";
};
INSTANTIATE_TEST_SUITE_P(Repositories, DirectUploadsContract, ::testing::ValuesIn(all_direct_uploads()));

TEST_P(DirectUploadsContract, MakesPartsAnObject) {
    auto const upload = begin();
    EXPECT_TRUE(parts_of(upload).empty());
    auto const last_etag = put(upload, 2, last_);
    auto const first_etag = put(upload, 1, first_);
    auto const parts = parts_of(upload);
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].number, 1);
    EXPECT_EQ(parts[0].size, part_size);
    EXPECT_EQ(parts[0].etag, first_etag);
    EXPECT_EQ(parts[1].etag, last_etag);
    EXPECT_FALSE(run_task(store().stat(upload.key)));

    auto const size = part_size + last_.size();
    EXPECT_TRUE(run_task(direct().complete(upload, parts, size)));
    EXPECT_EQ(run_task(store().stat(upload.key)).value().size, size);
    ByteRange const end{part_size - 1, 100};
    EXPECT_EQ(run_task(store().read_at(upload.key, end)), 'a' + last_);
    EXPECT_FALSE(run_task(direct().list_parts(upload)));
}

TEST_P(DirectUploadsContract, CompletingAgainIsTheSame) {
    auto const upload = begin();
    put(upload, 1, last_);
    auto const parts = parts_of(upload);
    EXPECT_TRUE(run_task(direct().complete(upload, parts, last_.size())));
    EXPECT_TRUE(run_task(direct().complete(upload, parts, last_.size())));
    run_task(store().remove(upload.key));
    auto const gone = run_task(direct().complete(upload, parts, last_.size()));
    ASSERT_TRUE(gone.has_error());
    EXPECT_EQ(gone.error().code, ErrorCode::upload_not_found);
}

TEST_P(DirectUploadsContract, RefusesOtherPartsThanAreThere) {
    auto const upload = begin();
    put(upload, 1, last_);
    auto const before = parts_of(upload);
    put(upload, 1, "another");
    auto const changed = run_task(direct().complete(upload, before, last_.size()));
    ASSERT_TRUE(changed.has_error());
    EXPECT_EQ(changed.error().code, ErrorCode::parts_mismatch);
    EXPECT_TRUE(run_task(direct().complete(upload, parts_of(upload), 7)));
}

TEST_P(DirectUploadsContract, AnAddressTakesExactlyItsBytes) {
    auto const upload = begin();
    std::vector<PartSlot> const slots{{1, 10}};
    auto const addresses = run_task(direct().addresses(upload, slots, std::chrono::seconds(60)));
    ASSERT_EQ(addresses.parts.size(), 1U);
    EXPECT_EQ(under_test_->put(upload, addresses.parts[0], "nine bytes")[0], '"');
    EXPECT_EQ(under_test_->put(upload, addresses.parts[0], "nine"), "");
    EXPECT_EQ(under_test_->put(upload, addresses.parts[0], "eleven bytes"), "");
}

TEST_P(DirectUploadsContract, WhatIsAbortedIsGone) {
    auto const upload = begin();
    put(upload, 1, last_);
    run_task(direct().abort(upload));
    EXPECT_FALSE(run_task(direct().list_parts(upload)));
    EXPECT_FALSE(run_task(store().stat(upload.key)));
    run_task(direct().abort(upload));
}

TEST_P(DirectUploadsContract, IsRemovedByTheIdInItsKey) {
    for (std::string const form : {"objects/", "video/.mp4"}) {
        auto const id = new_uuid().to_string();
        auto key = form;
        auto const upload = begin(key.insert(key.find('/') + 1, id));
        auto const other = begin();
        put(upload, 1, last_);
        EXPECT_TRUE(run_task(store().remove_uncommitted(id))) << form;
        EXPECT_FALSE(run_task(direct().list_parts(upload)));
        EXPECT_TRUE(run_task(direct().list_parts(other)));
        EXPECT_FALSE(run_task(store().remove_uncommitted(id)));
    }
}

}  // namespace
}  // namespace clinikk::testing
