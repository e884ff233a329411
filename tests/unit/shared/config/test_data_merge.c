/*
 * Merging against what it promises: every point in one read, limits kept, and no fewer reads would
 * do, which small cases try out.
 */
#include "shared/config/data_merge.h"

#include "tests/unit/collector/parts.h"

enum { MOST = 8, ROUNDS = 20000 };

static const struct merge_limits plain = {.max_gap = 16, .max_length = 125};

static void expect_reads(struct merge_span *spans, size_t n, const struct merge_limits *limits,
                         const struct merge_read *expected, size_t count)
{
    struct merge_read reads[MOST];
    assert_int_equal(data_merge(spans, n, limits, reads), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(reads[i].start, expected[i].start);
        assert_int_equal(reads[i].length, expected[i].length);
    }
}

static void neighbours_and_small_gaps_are_one_read(void **state)
{
    (void)state;
    struct merge_span spans[] = {{0, 2, 9}, {2, 3, 9}, {19, 21, 9}, {38, 39, 9}};
    const struct merge_read expected[] = {{0, 21}, {38, 1}}; /* gaps of 16 and 17 */
    expect_reads(spans, 4, &plain, expected, 2);
    assert_int_equal(spans[0].read, 0);
    assert_int_equal(spans[2].read, 0);
    assert_int_equal(spans[3].read, 1);
    expect_reads(spans, 0, &plain, expected, 0);
}

static void a_read_is_never_too_long(void **state)
{
    (void)state;
    struct merge_span spans[] = {{0, 100, 9}, {100, 125, 9}, {125, 126, 9}};
    const struct merge_read expected[] = {{0, 125}, {125, 1}};
    expect_reads(spans, 3, &plain, expected, 2);
    spans[1].end = 126; /* a point is not split */
    const struct merge_read split[] = {{0, 100}, {100, 26}};
    expect_reads(spans, 3, &plain, split, 2);
}

static void points_that_overlap_are_read_once(void **state)
{
    (void)state;
    struct merge_span spans[] = {{10, 20, 9}, {12, 13, 9}, {12, 22, 9}, {38, 39, 9}};
    const struct merge_read expected[] = {{10, 29}}; /* the gap counts from 22 */
    expect_reads(spans, 4, &plain, expected, 1);
}

static void several_bits_lie_in_one_two_or_four_bytes(void **state)
{
    (void)state;
    const struct merge_limits bits = {.max_gap = 16, .max_length = 2000, .bits = true};
    struct merge_span spans[] = {
        {3, 4, 9}, {9, 21, 9}, {21, 22, 9}}; /* 12 bits at bit 6: 3 bytes */
    const struct merge_read expected[] = {{3, 1}, {9, 13}};
    expect_reads(spans, 3, &bits, expected, 2);
    spans[1].end = 19; /* 10 bits at bit 6: two bytes */
    const struct merge_read one[] = {{3, 19}};
    expect_reads(spans, 3, &bits, one, 1);
}

/* Whether the spans of ${set} can be one read. */
static bool is_read(const struct merge_span *spans, size_t n, unsigned set,
                    const struct merge_limits *limits)
{
    bool any = false;
    uint32_t start = 0, end = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(set >> i & 1))
            continue;
        if (!any)
            start = end = spans[i].first;
        any = true;
        if (spans[i].first > end + limits->max_gap)
            return false;
        if (spans[i].end > end)
            end = spans[i].end;
    }
    return end - start <= limits->max_length;
}

static size_t fewest_reads(const struct merge_span *spans, size_t n,
                           const struct merge_limits *limits)
{
    size_t fewest[1 << MOST] = {0};
    for (unsigned set = 1; set < 1U << n; set++) {
        fewest[set] = MOST + 1;
        for (unsigned part = set; part > 0; part = (part - 1) & set) {
            if (is_read(spans, n, part, limits) && fewest[set & ~part] + 1 < fewest[set])
                fewest[set] = fewest[set & ~part] + 1;
        }
    }
    return fewest[(1U << n) - 1];
}

static int compare_spans(const void *a, const void *b)
{
    const struct merge_span *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

static void check_kept(const struct merge_span *spans, size_t n, const struct merge_read *reads,
                       size_t nreads, const struct merge_limits *limits)
{
    for (size_t r = 0; r < nreads; r++) {
        uint32_t end = reads[r].start + reads[r].length, reached = reads[r].start;
        bool begins = false, ends = false;
        assert_true(reads[r].length >= 1 && reads[r].length <= limits->max_length);
        assert_true(r == 0 || reads[r - 1].start <= reads[r].start);
        for (size_t i = 0; i < n; i++) {
            if (spans[i].read != r)
                continue;
            begins |= spans[i].first == reads[r].start;
            ends |= spans[i].end == end;
            assert_true(spans[i].first >= reads[r].start && spans[i].end <= end);
            assert_true(spans[i].first <= reached + limits->max_gap);
            reached = spans[i].end > reached ? spans[i].end : reached;
        }
        assert_true(begins && ends);
    }
    for (size_t i = 0; i < n; i++)
        assert_true(spans[i].read < nreads);
}

static void no_fewer_reads_would_do(void **state)
{
    (void)state;
    uint64_t seed = 20240717;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct merge_limits limits = {.max_gap = (uint32_t)parts_pick(&seed, 6),
                                            .max_length = 1 + (uint32_t)parts_pick(&seed, 20)};
        size_t n = 1 + parts_pick(&seed, MOST - 1);
        uint32_t wide = limits.max_length < 8 ? limits.max_length : 8;
        struct merge_span spans[MOST];
        for (size_t i = 0; i < n; i++) {
            uint32_t first = (uint32_t)parts_pick(&seed, 60);
            spans[i] =
                (struct merge_span){first, first + 1 + (uint32_t)parts_pick(&seed, wide), 99};
        }
        qsort(spans, n, sizeof(*spans), compare_spans);
        struct merge_read reads[MOST];
        size_t nreads = data_merge(spans, n, &limits, reads);
        check_kept(spans, n, reads, nreads, &limits);
        assert_int_equal(nreads, fewest_reads(spans, n, &limits));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_and_small_gaps_are_one_read),
        cmocka_unit_test(a_read_is_never_too_long),
        cmocka_unit_test(points_that_overlap_are_read_once),
        cmocka_unit_test(several_bits_lie_in_one_two_or_four_bytes),
        cmocka_unit_test(no_fewer_reads_would_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
