using OrleansServe.Engine;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Moe;

public sealed class ExpertBankTests
{
    private static Checkpoint Checkpoint => TestModel.Load(Path.Combine(Repository.Golden, "v3-fp8-tiny")).Checkpoint;

    [Fact]
    public void Load_Subset_HoldsAndReadsOnlyThat()
    {
        var reports = new Reports();
        using var bank = ExpertBank.Load(Checkpoint, new Dictionary<int, IReadOnlyList<int>> { [1] = [2, 5], [3] = [0] }, progress: reports);
        Assert.Equal(3, bank.Count);
        Assert.True(bank.Has(1, 2) && bank.Has(1, 5) && bank.Has(3, 0));
        Assert.False(bank.Has(1, 3) || bank.Has(2, 2) || bank.Has(0, 0) || bank.Has(99, 0) || bank.Has(1, -1));
        Assert.Equal(9, reports.Last.Tensors);
        Assert.Equal(9, reports.Last.TotalTensors);
        var refused = Assert.Throws<ExpertUnavailableException>(() => bank.Forward(1, 3, new float[192], 1, new float[192], new float[bank.ScratchPerRow]));
        Assert.Equal((1, 3), (refused.Layer, refused.Expert));
    }

    [Fact]
    public void Load_UnknownExpert_Throws()
    {
        Assert.Throws<ArgumentException>(() => ExpertBank.Load(Checkpoint, new Dictionary<int, IReadOnlyList<int>> { [1] = [16] }));
        Assert.Throws<ArgumentException>(() => ExpertBank.Load(Checkpoint, new Dictionary<int, IReadOnlyList<int>> { [0] = [0] }));
    }

    [Fact]
    public void Load_Cancelled_Throws() =>
        Assert.Throws<OperationCanceledException>(() => ExpertBank.Load(Checkpoint, cancellation: new CancellationToken(true)));

    [Fact]
    public void Construct_ExpertsMissing_IsRefusedWithoutDispatcher()
    {
        using var bare = ModelWeights.Load(Checkpoint, new WeightsOptions { IncludeRoutedExperts = false });
        Assert.Null(bare.Experts);
        Assert.Contains("layer 1", Assert.Throws<ArgumentException>(() => new CpuEngine(bare, new EngineOptions { Threads = 1 })).Message, StringComparison.Ordinal);
        using var part = ModelWeights.Load(Checkpoint, new WeightsOptions { Experts = new Dictionary<int, IReadOnlyList<int>> { [1] = [0] } });
        Assert.Throws<ArgumentException>(() => new CpuEngine(part, new EngineOptions { Threads = 1 }));
    }

    [Fact]
    public void Step_ExpertNowhere_ThrowsAndTheEngineGoesOn()
    {
        using var bank = ExpertBank.Load(Checkpoint, new Dictionary<int, IReadOnlyList<int>> { [1] = [0] });
        var weights = TestModel.Golden("v3-fp8-tiny");
        var switching = new Switching(new LocalExpertDispatcher(bank), new LocalExpertDispatcher(weights.Experts!));
        using var driver = new EngineDriver(weights, maxTokens: 16, experts: switching);
        Assert.Throws<ExpertUnavailableException>(() => driver.Feed(TestSequence.At(0, [1, 2, 3])));
        switching.Failing = false;
        driver.Feed(TestSequence.At(0, [1, 2, 3]));
        Assert.Null(driver.Result[0].Error);
    }

    private sealed class Switching(IExpertDispatcher failing, IExpertDispatcher working) : IExpertDispatcher
    {
        public bool Failing { get; set; } = true;

        public void Begin(in ExpertWork work) => (Failing ? failing : working).Begin(work);

        public void Complete() => (Failing ? failing : working).Complete();
    }

    private sealed class Reports : IProgress<LoadProgress>
    {
        public LoadProgress Last { get; private set; }

        public void Report(LoadProgress value) => Last = value;
    }
}
