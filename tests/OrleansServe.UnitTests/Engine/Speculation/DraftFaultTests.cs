using OrleansServe.Engine;
using OrleansServe.Engine.Mtp;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Speculation;

/// <summary>Draft plans that cannot be run are refused by name before anything is computed.</summary>
public sealed class DraftFaultTests
{
    private const string Model = "v3-tiny";
    private static readonly int Hidden = TestModel.Golden(Model).Config.HiddenSize;

    public static TheoryData<string, DraftSequence[]> BadPlans { get; } = new()
    {
        { "sequence 0 asks for no drafts", [Good() with { Drafts = Memory<int>.Empty }] },
        { "a state of 0 elements", [Good() with { State = default }] },
        { "a state of 5 elements", [Good() with { State = new float[5] }] },
        { "from position 0, which must be at least 1", [Good() with { Position = 0 }] },
        { "from position -1", [Good() with { Position = -1 }] },
        { "the context is 512", [Good() with { Position = 511 }] },
        { "the context is 512", [Good() with { Position = int.MaxValue }] },
        { "has 1 blocks for 65 tokens, needs 2", [Good() with { Position = 63 }] },
        { "token 1024 at 0 is not below 1024", [Good() with { Token = 1024 }] },
        { "block 8 at 0 is not below 8", [Good() with { Blocks = new[] { 8 } }] },
        { "is written by sequence 0 as well", [Good(), Good()] },
        { "the plan has 5 sequences, the engine samples 4 tokens a step", [.. Enumerable.Range(0, 5).Select(i => Good() with { Blocks = new[] { i } })] },
    };

    [Theory]
    [MemberData(nameof(BadPlans))]
    public void Draft_BadPlan_IsRefusedByName(string message, DraftSequence[] sequences)
    {
        using var engine = new CpuEngine(TestModel.Golden(Model), new EngineOptions { KvBlocks = 8, MaxBatchTokens = 16, MaxSampledTokens = 4, Threads = 1 });
        var plan = new DraftPlan();
        Array.ForEach(sequences, s => plan.Add(s));
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => engine.Draft(plan)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Draft_EngineWithoutMtp_Throws()
    {
        using var engine = new CpuEngine(TestModel.Golden(Model), new EngineOptions { KvBlocks = 8, Threads = 1, UseMtp = false });
        var plan = new DraftPlan();
        plan.Add(Good());
        Assert.False(engine.Info.HasMtp);
        Assert.Equal(engine.Info.Model.NumHiddenLayers, engine.Info.KvLayout.Layers);
        Assert.Throws<InvalidOperationException>(() => engine.Draft(plan));
    }

    [Fact]
    public void Draft_StateNotFinite_EndsTheDraftsOfThatSequenceOnly()
    {
        using var engine = new CpuEngine(TestModel.Golden(Model), new EngineOptions { KvBlocks = 8, MaxBatchTokens = 16, Threads = 1 });
        var state = new float[Hidden];
        state[3] = float.NaN;
        int[] sick = [7, 7, 7], healthy = [-1, -1, -1];
        var plan = new DraftPlan();
        plan.Add(Good() with { State = state, Drafts = sick });
        plan.Add(Good() with { Blocks = new[] { 1 }, Drafts = healthy });
        engine.Draft(plan);
        Assert.Equal(-1, sick[0]);
        Assert.DoesNotContain(-1, healthy);
    }

    private static DraftSequence Good() => new()
    {
        Token = 3,
        Position = 5,
        State = Enumerable.Range(0, Hidden).Select(i => i % 7 / 7f).ToArray(),
        Blocks = new[] { 0 },
        Drafts = new int[2],
    };
}
