using OrleansServe.Policies.Scaling;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Scaling;

public sealed class DrainChoiceTests
{
    [Fact]
    public void LeastMissed_WorkThatDiffersByLittle_IsDecidedByWhatIsCached()
    {
        DrainCandidate[] nodes = [new("d-0", 0.31, 5), new("d-1", 0.39, 2), new("d-2", 0.05, 900), new("d-3", 0.95, 0)];

        Assert.Equal(["d-2", "d-1", "d-0"], DrainChoice.LeastMissed(nodes, 3));
    }

    [Fact]
    public void LeastMissed_NodesThatAreAlike_TakesTheLastNumber() =>
        Assert.Equal(["d-10", "d-9"], DrainChoice.LeastMissed([new("d-9", 0, 0), new("d-10", 0, 0), new("d-2", 0, 0)], 2));

    [Fact]
    public void LastByNumber_BusyLastNodes_TakesThemAllTheSame() =>
        Assert.Equal(["d-11", "d-9"], DrainChoice.LastByNumber([new("d-9", 1, 70), new("d-8", 0, 0), new("d-11", 1, 3), new("stranger", 0, 0)], 9));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void LeastMissed_AnyNodes_NobodyStaysWhoIsMissedLess(int seed)
    {
        Random random = new(seed);
        for (int run = 0; run < 2000; run++)
        {
            DrainCandidate[] nodes = [.. Enumerable.Range(0, random.Next(12)).Select(i => new DrainCandidate($"d-{i}", random.Next(3) == 0 ? 0 : random.NextDouble(), random.Next(4)))];
            int count = random.Next(-1, 14);

            IReadOnlyList<string> leaving = DrainChoice.LeastMissed(nodes, count);

            Assert.Equal(Math.Clamp(count, 0, nodes.Length), leaving.Distinct().Count());
            (int, long)[] left = [.. nodes.Where(node => leaving.Contains(node.Name)).Select(Missed)];
            Assert.All(nodes.Where(node => !leaving.Contains(node.Name)), node => Assert.All(left, gone => Assert.True(gone.CompareTo(Missed(node)) <= 0)));

            // Whoever reported first makes no difference.
            random.Shuffle(nodes);
            Assert.Equal(leaving, DrainChoice.LeastMissed(nodes, count));
        }

        static (int Work, long Blocks) Missed(DrainCandidate node) => ((int)Math.Ceiling(node.Work * 10), node.UniqueBlocks);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void LastByNumber_AnyNodes_AreThoseThatAStatefulSetRemoves(int seed)
    {
        Random random = new(seed);
        for (int run = 0; run < 1000; run++)
        {
            DrainCandidate[] nodes = [.. Enumerable.Range(0, 20).Where(_ => random.Next(4) > 0).Select(i => new DrainCandidate($"set-{i}", random.NextDouble(), random.Next(9)))];
            int remaining = random.Next(21);

            IReadOnlyList<string> leaving = DrainChoice.LastByNumber(nodes, remaining);

            Assert.Equal([.. nodes.Select(node => node.Name).Where(name => int.Parse(name[4..]) >= remaining).OrderByDescending(name => int.Parse(name[4..]))], leaving);
        }
    }

    [Fact]
    public void LeastMissed_FiguresThatCannotBe_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => DrainChoice.LeastMissed([new("a", double.NaN, 0)], 1));
        Assert.Throws<ArgumentException>(() => DrainChoice.LeastMissed([new("a", 0, -1)], 1));
        Assert.Throws<ArgumentException>(() => DrainChoice.LastByNumber([new("a", 0, 0), new("a", 0, 0)], 1));
    }

    [Theory]
    [InlineData("orleansserve-decode-12", 12)]
    [InlineData("silo-0", 0)]
    [InlineData("silo", null)]
    [InlineData("silo-", null)]
    [InlineData("-3", null)]
    [InlineData("silo-+3", null)]
    [InlineData("silo-99999999999", null)]
    public void Of_Name_IsTheNumberAtItsEnd(string name, int? ordinal) => Assert.Equal(ordinal, NodeOrdinal.Of(name));
}
