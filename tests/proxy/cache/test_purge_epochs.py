from mememime_proxy.proxy.cache.purge_epochs import Generations


class Marks:
    def __init__(self):
        self.names, self.looks = {}, 0

    async def generation(self, source):
        self.looks += 1
        return None if self.names is None else self.names.get(source, "")

    async def begin(self, source, name):
        self.names[source] = name


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


async def test_alone_a_process_knows_at_once():
    it = Generations(None, 5)
    assert it.known("s") == it.last("s") == await it.look("s") == ""
    await it.renew("s")
    name = it.last("s")
    assert it.known("s") == await it.look("s") == name != ""
    await it.renew("s")
    assert it.last("s") != name


async def test_another_process_notices_when_what_it_knows_is_no_longer_fresh():
    marks, clock = Marks(), Clock()
    mine, other = Generations(marks, 5, clock), Generations(marks, 5, clock)
    assert other.known("s") is None
    assert await other.look("s") == ""
    await mine.renew("s")
    assert other.known("s") == ""
    clock.now = 5
    assert other.known("s") is None
    assert await other.look("s") == mine.last("s")
    assert marks.looks == 2


async def test_where_marks_cannot_be_read_the_last_one_counts():
    marks, clock = Marks(), Clock()
    it = Generations(marks, 5, clock)
    await it.renew("s")
    marks.names, clock.now = None, 9
    assert await it.look("s") == it.last("s") != ""
    assert it.known("s") == it.last("s")


async def test_a_purge_during_a_look_is_not_undone_by_it():
    marks = Marks()
    it = Generations(marks, 5, Clock())

    class Slow(Marks):
        async def generation(self, source):
            await it.renew(source)
            return ""

    it._marks = Slow()
    assert await it.look("s") == it.last("s") != ""
