/* Which target is called about which event. */
#include "shared/config/webhook_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *one_device[] = {(char *)"pump-*", NULL};
static char *one_profile[] = {(char *)"pumps", NULL};
static char *one_tag[] = {(char *)"north", NULL};
static char *some_rules[] = {(char *)"tank_high", (char *)"p_*", NULL};

static const struct webhook_subject offline = {.kind = EVENT_DEVICE_OFFLINE,
                                               .severity = SEVERITY_WARNING,
                                               .device_id = "pump-1",
                                               .profile = "pumps",
                                               .tags = "old,north"};
static const struct webhook_subject started = {.kind = EVENT_SERVER_STARTED};

static struct webhook_target for_all(void)
{
    return (struct webhook_target){.kinds = ~UINT64_C(0)};
}

static void by_kind(void **state)
{
    (void)state;
    struct webhook_target target = {.kinds = event_kind_mask(EVENT_DEVICE_OFFLINE)};
    assert_true(webhook_target_wants(&target, &offline));
    assert_false(webhook_target_wants(&target, &started));
    target = for_all();
    assert_true(webhook_target_wants(&target, &started));
}

static void by_rule(void **state)
{
    (void)state;
    struct webhook_target target = {.rules = some_rules};
    struct webhook_subject alarm = {.kind = EVENT_ALARM_RAISED, .rule = "tank_high"};
    assert_true(webhook_target_wants(&target, &alarm));
    alarm.rule = "p_1";
    assert_true(webhook_target_wants(&target, &alarm));
    alarm.rule = "tank_low";
    assert_false(webhook_target_wants(&target, &alarm));
    assert_false(webhook_target_wants(&target, &offline)); /* of no rule */
    target.kinds = event_kind_mask(EVENT_DEVICE_OFFLINE);  /* the one or the other */
    assert_true(webhook_target_wants(&target, &offline));
}

static void by_severity(void **state)
{
    (void)state;
    struct webhook_target target = for_all();
    target.severity = SEVERITY_WARNING;
    assert_true(webhook_target_wants(&target, &offline));
    assert_false(webhook_target_wants(&target, &started));
    target.severity = SEVERITY_CRITICAL;
    assert_false(webhook_target_wants(&target, &offline));
}

/* What is of no device does not fit a target that asks for some. */
static void by_device(void **state)
{
    (void)state;
    struct webhook_subject other = offline;
    other.device_id = "1001";
    other.profile = "tanks";
    other.tags = "northern";
    struct webhook_target targets[] = {for_all(), for_all(), for_all()};
    targets[0].devices = one_device;
    targets[1].profiles = one_profile;
    targets[2].tags = one_tag;
    for (size_t i = 0; i < 3; i++) {
        assert_true(webhook_target_wants(&targets[i], &offline));
        assert_false(webhook_target_wants(&targets[i], &other));
        assert_false(webhook_target_wants(&targets[i], &started));
    }
}

static void all_of_it_must_fit(void **state)
{
    (void)state;
    struct webhook_target target = for_all();
    target.devices = one_device;
    target.profiles = one_profile;
    target.tags = one_tag;
    struct webhook_subject subject = offline;
    assert_true(webhook_target_wants(&target, &subject));
    subject.tags = "old";
    assert_false(webhook_target_wants(&target, &subject));
}

static void by_name(void **state)
{
    (void)state;
    struct webhook_target targets[] = {{.name = (char *)"a"}, {.name = (char *)"b"}};
    const struct webhook_config config = {.targets = targets, .ntargets = 2};
    assert_ptr_equal(webhook_config_target(&config, "b"), &targets[1]);
    assert_null(webhook_config_target(&config, "c"));
}

/* Else one that is down would be told so, which would fail and be told again. */
static void none_is_told_about_itself(void **state)
{
    (void)state;
    struct webhook_target target = for_all(), other = for_all();
    target.name = (char *)"ops";
    other.name = (char *)"office";
    const struct webhook_subject dead = {.kind = EVENT_WEBHOOK_DEAD, .target = "ops"};
    assert_false(webhook_target_wants(&target, &dead));
    assert_true(webhook_target_wants(&other, &dead));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_kind),
        cmocka_unit_test(by_rule),
        cmocka_unit_test(by_severity),
        cmocka_unit_test(by_device),
        cmocka_unit_test(all_of_it_must_fit),
        cmocka_unit_test(by_name),
        cmocka_unit_test(none_is_told_about_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
