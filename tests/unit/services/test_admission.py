"""Who gets in and who waits, by a clock that is turned by hand."""

import random

import pytest

from dashops.services.dashboard import admission


class Door:
    """An admission whose kernels are a list, and whose time passes when told."""

    def __init__(self, viewers=2, per_dashboard=0, per_user=0):
        self.now = 1000.0
        self.inside = []
        limits = admission.Limits(viewers, per_dashboard, per_user)
        self.queue = admission.Admission(limits, lambda: self.inside, lambda: self.now)

    def come(self, owner, name="sales"):
        """Load the page; whether it opened."""
        ticket = self.queue.enter(owner, name)
        if not self.queue.claim(ticket):
            return False
        self.inside.append((owner, name))
        self.queue.opened(ticket)
        return True

    def wait(self, *owners, name="sales"):
        """Load the page, and keep it open as it is to wait."""
        for owner in owners:
            assert not self.come(owner, name), owner
            self.queue.page_came(owner, name)

    def leave(self, owner, name="sales"):
        self.inside.remove((owner, name))
        self.queue.ended()

    def refuse(self, owner, cause="memory", name="sales"):
        """Load the page while the gateways are full."""
        ticket = self.queue.enter(owner, name)
        assert self.queue.claim(ticket), "it was not even tried"
        self.queue.refused(ticket, cause)

    def passes(self, seconds):
        self.now += seconds
        self.queue.settle()

    def turn(self, owner, name="sales"):
        return self.queue.standing(owner, name) is None

    def ahead(self, *owners, name="sales"):
        return [self.queue.standing(owner, name).ahead for owner in owners]

    def why(self, owner, name="sales"):
        return self.queue.standing(owner, name).reason


def full(**limits):
    """A door whose two places Ann and Bob have."""
    door = Door(**limits)
    assert door.come("ann") and door.come("bob")
    return door


def test_who_comes_first_is_let_in_first_and_everybody_knows_his_place():
    door = full()
    door.wait("cleo", "dan", "eve")
    assert door.ahead("cleo", "dan", "eve") == [0, 1, 2]
    assert door.queue.waiting() == door.queue.waiting("sales") == 3
    door.leave("bob")
    assert door.turn("cleo")
    assert door.ahead("dan", "eve") == [0, 1]
    assert not door.come("dan"), "only Cleo's turn has come"
    assert door.come("cleo")


def test_a_reload_and_a_second_tab_keep_the_place():
    door = full()
    door.wait("cleo", "dan")
    door.queue.page_left("cleo", "sales")
    door.passes(admission.GONE - 1)
    assert not door.come("cleo")
    door.wait("dan")
    assert door.ahead("cleo", "dan") == [0, 1]
    assert door.queue.waiting() == 2


def test_nobody_who_comes_now_takes_a_place_that_is_held_for_another():
    door = full()
    door.wait("cleo")
    door.leave("ann")
    door.wait("dan")
    assert door.come("cleo")
    assert not door.come("dan")


def test_who_is_gone_for_long_loses_his_place_and_nobody_else_does():
    door = full()
    door.wait("cleo", "dan")
    door.queue.page_left("cleo", "sales")
    door.passes(admission.GONE + 1)
    assert door.ahead("dan") == [0]
    door.wait("cleo")
    assert door.ahead("dan", "cleo") == [0, 1]


def test_a_place_is_held_for_a_while_and_then_given_to_the_next():
    door = full()
    door.wait("cleo", "dan")
    door.leave("ann")
    door.passes(admission.HOLD - 1)
    assert door.turn("cleo") and not door.turn("dan")
    door.passes(2)
    assert door.turn("dan")
    assert door.come("dan")


def test_a_dashboard_that_is_full_keeps_nobody_from_another():
    door = Door(viewers=3, per_dashboard=1)
    assert door.come("ann")
    door.wait("bob", "cleo")
    assert door.why("bob") == "dashboard"
    assert door.come("dan", "stocks"), "that one has a place"
    door.leave("ann")
    assert door.turn("bob")
    assert door.ahead("cleo") == [0]


def test_a_viewer_with_many_pages_keeps_nobody_else_waiting():
    door = Door(viewers=4, per_user=2)
    assert door.come("ann", "a") and door.come("ann", "b")
    door.wait("ann", name="c")
    assert door.queue.standing("ann", "c") == admission.Standing(0, "user", 2)
    assert door.come("bob", "c")
    door.leave("ann", "a")
    assert door.turn("ann", "c")


def test_who_is_kept_out_by_his_own_pages_is_told_when_there_is_no_other_place_either():
    door = Door(viewers=2, per_user=1)
    assert door.come("ann") and door.come("bob")
    door.wait("cleo")
    door.wait("ann", name="stocks")
    assert door.queue.standing("ann", "stocks") == admission.Standing(1, "user", 1, crowded=True)
    door.leave("ann")
    assert door.turn("cleo") and not door.turn("ann", "stocks")


def test_the_place_counts_only_those_who_can_get_in_before():
    door = Door(viewers=2, per_dashboard=1)
    assert door.come("ann", "a") and door.come("bob", "b")
    door.wait("cleo", name="a")
    door.wait("dan", name="c")
    door.wait("eve", name="a")
    assert door.ahead("cleo", "eve", name="a") == [0, 2]
    assert door.ahead("dan", name="c") == [0], "Cleo waits for a place of another dashboard"
    door.leave("bob", "b")
    assert door.turn("dan", "c")


def test_a_full_gateway_sends_to_the_front_and_is_asked_again_by_one_alone():
    door = Door(viewers=9)
    assert door.come("ann")
    door.refuse("bob")
    door.wait("bob", "cleo", "dan")
    assert door.ahead("bob", "cleo", "dan") == [0, 1, 2]
    assert door.why("bob") == "memory"
    door.passes(admission.RETRY)
    assert [door.turn(each) for each in ("bob", "cleo")] == [True, False]
    door.refuse("bob", "kernels")
    assert door.ahead("bob", "cleo", "dan") == [0, 1, 2]
    assert door.why("dan") == "kernels"
    door.leave("ann")
    assert door.come("bob"), "a kernel ended, so it is worth a try"
    assert [door.turn(each) for each in ("cleo", "dan")] == [True, False]
    assert door.come("cleo") and door.come("dan")
    assert door.come("eve") and door.come("fay"), "no longer one after the other"


def test_who_was_already_called_waits_too_when_the_gateway_is_full():
    door = full()
    door.wait("cleo", "dan")
    door.leave("ann")
    door.leave("bob")
    assert door.turn("dan")
    door.refuse("cleo")
    assert door.ahead("cleo", "dan") == [0, 1]
    assert not door.come("dan")


def test_those_who_were_refused_together_keep_their_order():
    door = Door(viewers=9)
    tickets = [door.queue.enter(each, "sales") for each in ("ann", "bob", "cleo")]
    assert all([door.queue.claim(each) for each in tickets])
    for each in reversed(tickets):
        door.queue.refused(each, "memory")
    assert door.ahead("ann", "bob", "cleo") == [0, 1, 2]


def test_what_is_opening_is_taken():
    door = Door(viewers=1)
    ticket = door.queue.enter("ann", "sales")
    assert door.queue.claim(ticket)
    door.wait("bob")
    door.queue.failed(ticket)
    assert door.turn("bob")


def test_who_logs_out_or_finds_nothing_there_gives_up_his_place():
    door = full()
    door.wait("cleo", "dan")
    door.wait("cleo", name="stocks")
    door.queue.withdraw("cleo", "sales")
    assert door.ahead("dan") == [0] and not door.turn("cleo", "stocks")
    door.queue.withdraw("cleo")
    assert door.queue.waiting() == 1


class Crowd(Door):
    """People who come, wait, leave and are refused at random."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        super().__init__(self.dice.randint(1, 6), self.dice.randint(0, 4), self.dice.randint(0, 3))
        self.waiting, self.opening = {}, []
        self.memory = 99

    def step(self):
        self.dice.choice([self.arrive, self.arrive, self.finish, self.go, self.give_up])()
        self.memory = self.dice.choice([self.memory, self.memory, 2, 99])
        self.passes(self.dice.choice([0, 0, 1, 5]))
        self.load()

    def arrive(self):
        owner, name = f"u{self.dice.randint(1, 9)}", self.dice.choice("abc")
        self.try_(owner, name)

    def try_(self, owner, name):
        ticket = self.queue.enter(owner, name)
        if self.queue.claim(ticket):
            self.opening.append(ticket)
            if self.waiting.pop((owner, name), None) is not None:
                self.queue.page_left(owner, name)
        elif (owner, name) not in self.waiting:
            self.waiting[owner, name] = ticket.number
            self.queue.page_came(owner, name)

    def load(self):
        """What waiting pages do when it is their turn."""
        for owner, name in [each for each in self.waiting if self.turn(*each)]:
            self.try_(owner, name)

    def finish(self):
        if self.opening:
            ticket = self.opening.pop(self.dice.randrange(len(self.opening)))
            if len(self.inside) >= self.memory:
                self.queue.refused(ticket, "memory")
                self.try_(ticket.owner, ticket.name)
            else:
                self.inside.append((ticket.owner, ticket.name))
                self.queue.opened(ticket)

    def go(self):
        if self.inside:
            self.leave(*self.dice.choice(self.inside))

    def give_up(self):
        if self.waiting and self.dice.random() < 0.2:
            owner, name = self.dice.choice(list(self.waiting))
            del self.waiting[owner, name]
            self.queue.page_left(owner, name)

    def within(self):
        taken = [*self.inside, *((each.owner, each.name) for each in self.opening)]
        limits = self.queue._limits
        assert len(taken) <= limits["viewers"]
        for place, kind in ((0, "user"), (1, "dashboard")):
            for each in {found[place] for found in taken}:
                count = sum(found[place] == each for found in taken)
                assert count <= limits[kind] or not limits[kind]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_no_limit_is_passed_and_everybody_gets_in(seed):
    crowd = Crowd(seed)
    for _ in range(300):
        crowd.step()
        crowd.within()
        for owner, name in crowd.waiting:
            standing = crowd.queue.standing(owner, name)
            assert standing is None or standing.ahead < crowd.queue.waiting()
    crowd.memory = 99
    for _ in range(600):
        if not (crowd.waiting or crowd.opening):
            break
        crowd.finish()
        crowd.go()
        crowd.passes(1)
        crowd.load()
        crowd.within()
    assert not crowd.waiting, "somebody waits for ever"
    assert crowd.queue.waiting() == 0


@pytest.mark.parametrize("seed", range(20))
def test_in_one_queue_everybody_is_let_in_by_his_number(seed):
    dice = random.Random(seed)
    door, order, entered = Door(viewers=3), [], []
    for number in range(40):
        owner = f"u{number}"
        if door.come(owner):
            entered.append(owner)
        else:
            door.queue.page_came(owner, "sales")
        order.append(owner)
        if dice.random() < 0.4:
            door.leave(*dice.choice(door.inside))
            entered += [each for each in order if each not in entered and door.come(each)]
    while door.inside:
        door.leave(*door.inside[0])
        entered += [each for each in order if each not in entered and door.come(each)]
    assert entered == order
