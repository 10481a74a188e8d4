using OrleansServe.Cli.Bench;

using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench;

public sealed class KvTablesTests
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(4, 64, 4, 256)]
    [InlineData(4, 65, 8, 260)]
    [InlineData(4, 130, 100, 520)]
    [InlineData(4, 130, 6, 136)]
    [InlineData(4, 130, 8, 264)]
    public void For_SomeBlocks_GivesEachSequenceItsLastBlockAndCountsWhatIsRead(int batch, int context, int blocks, long cached)
    {
        KvTables tables = KvTables.For(batch, context, blocks);

        Assert.Equal(cached, tables.CachedPositions);
        Assert.Equal(batch, tables.Tables.Length);
        Assert.All(tables.Tables, table => Assert.Equal((context + 63) / 64, table.Length));
        Assert.All(tables.Tables.SelectMany(table => table), block => Assert.InRange(block, 0, blocks - 1));
        int[] last = [.. tables.Tables.Select(table => table[^1])];
        Assert.Equal(batch, last.Distinct().Count());
        Assert.Empty(last.Intersect(tables.Tables.SelectMany(table => table[..^1])));
    }

    [Fact]
    public void For_AsManyAsMost_SharesNothing()
    {
        KvTables tables = KvTables.For(5, 1000, (int)KvTables.Most(5, 1000));

        Assert.Equal(5000, tables.CachedPositions);
        Assert.Equal(5 * 16, tables.Tables.SelectMany(table => table).Distinct().Count());
    }

    [Fact]
    public void For_FewerThanFewest_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => KvTables.For(4, 130, KvTables.Fewest(4, 130) - 1));

    [Theory]
    [InlineData(100000, new[] { 128, 1024, 4096 })]
    [InlineData(2048, new[] { 128, 1024, 2048 })]
    [InlineData(100, new[] { 100 })]
    public void Clip_ToAModel_KeepsWhatFits(int most, int[] expected) => Assert.Equal(expected, BenchSizes.Default.Within(most).Contexts);
}
