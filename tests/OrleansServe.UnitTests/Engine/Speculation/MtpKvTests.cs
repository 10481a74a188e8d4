using System.Runtime.InteropServices;
using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Speculation;

/// <summary>What a step leaves in the MTP layer's rows of a block that somebody else has had before.</summary>
public sealed class MtpKvTests : IDisposable
{
    private const float Stale = 42;
    private const int Known = 5;
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 9).Select(i => 40 + i)];
    private readonly EngineDriver _driver = new(TestModel.TinyR1, kvBlocks: 2);

    public MtpKvTests()
    {
        for (var layer = 0; layer < Layout.Layers; layer++)
        {
            var stale = new float[KvLayout.BlockTokens * Layout.RowWidth];
            stale.AsSpan().Fill(Stale);
            _driver.Engine.Kv.Write(0, layer, MemoryMarshal.AsBytes(stale.AsSpan()));
        }
    }

    private KvLayout Layout => _driver.Engine.Kv.Layout;

    private int MtpLayer => Layout.Layers - 1;

    public void Dispose() => _driver.Dispose();

    [Fact]
    public void Step_FirstToken_LeavesZerosAtPositionZero()
    {
        Step(0, Tokens.Length, default);
        Assert.All(Row(MtpLayer, 0), number => Assert.Equal(0f, number));
        Assert.DoesNotContain(Stale, Row(MtpLayer, 1));
        Assert.DoesNotContain(Stale, Row(0, 0));
    }

    [Fact]
    public void Step_FirstTokenCached_LeavesPositionZeroAlone()
    {
        Step(0, Tokens.Length, default, cached: 1);
        Assert.All(Row(MtpLayer, 0), number => Assert.Equal(Stale, number));
    }

    [Fact]
    public void Step_PreviousStateNotKnown_LeavesItsRowAsItWas()
    {
        Step(0, Known, default);
        Step(Known, Tokens.Length - Known, default);
        Assert.All(Row(MtpLayer, Known), number => Assert.Equal(Stale, number));
        Assert.DoesNotContain(Stale, Row(MtpLayer - 1, Known));
        Assert.DoesNotContain(Stale, Row(MtpLayer, Known + 1));
    }

    [Fact]
    public void Step_PreviousStateKnown_WritesTheRowOfAWholeStep()
    {
        Step(0, Known, default);
        var state = _driver.Result.State(0, Known - 1).ToArray();
        Step(Known, Tokens.Length - Known, state);
        var inTwo = Row(MtpLayer, Known);
        Step(0, Tokens.Length, default);
        Assert.Equal(Row(MtpLayer, Known), inTwo);
        Assert.DoesNotContain(Stale, inTwo);
    }

    private void Step(int start, int count, ReadOnlyMemory<float> state, int cached = 0) => _driver.Run(new StepSequence
    {
        Tokens = Tokens.AsMemory(start, count),
        StartPosition = start,
        CachedRows = cached,
        PreviousState = state,
        Blocks = new[] { 0 },
    });

    private float[] Row(int layer, int token)
    {
        var bytes = new byte[Layout.BytesPerBlockLayer];
        _driver.Engine.Kv.Read(0, layer, bytes);
        return MemoryMarshal.Cast<byte, float>(bytes).Slice(token * Layout.RowWidth, Layout.RowWidth).ToArray();
    }
}
