using OrleansServe.Policies.Scaling;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Scaling;

public sealed class MachineLendingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Plan_AnyPool_LendsAllThatIsFreeButWhatComesNeedsAndMovesNoMore(int seed)
    {
        Random random = new(seed);
        for (int run = 0; run < 2000; run++)
        {
            PoolMachine[] pool = [.. Enumerable.Range(0, random.Next(9)).Select(i => new PoolMachine($"m{i}", Math.Max(0, random.Next(-2, 3)), random.Next(2) == 0))];
            int coming = random.Next(10);

            (IReadOnlyList<string> lend, IReadOnlyList<string> takeBack) = MachineLending.Plan(pool, coming);

            Dictionary<string, bool> lent = pool.ToDictionary(machine => machine.Name, machine => (machine.Lent || lend.Contains(machine.Name)) && !takeBack.Contains(machine.Name));
            PoolMachine[] free = [.. pool.Where(machine => machine.Serving == 0)];
            Assert.DoesNotContain(pool, machine => machine.Serving > 0 && lent[machine.Name]);
            Assert.Equal(Math.Min(coming, free.Length), free.Count(machine => !lent[machine.Name]));
            Assert.Empty(lend.Intersect(takeBack));
            Assert.True(lend.Count == 0 || takeBack.All(name => pool.Single(machine => machine.Name == name).Serving > 0), "one is lent and another taken back for nothing");

            // What is planned once is done: a second look changes nothing, in any order.
            PoolMachine[] after = [.. pool.Select(machine => machine with { Lent = lent[machine.Name] })];
            random.Shuffle(after);
            (IReadOnlyList<string> again, IReadOnlyList<string> back) = MachineLending.Plan(after, coming);
            Assert.Empty(again.Concat(back));
        }
    }

    [Fact]
    public void Plan_FewerThanNone_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => MachineLending.Plan([], -1));
}
