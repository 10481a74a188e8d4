using OrleansServe.Engine;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Threading;

public sealed class StepSharingTests
{
    [Fact]
    public void Step_SmallOrLarge_SharesTheLargeOneOnly()
    {
        using var engine = new CpuEngine(TestModel.TinyR1, new EngineOptions { KvBlocks = 4, Threads = 2 });
        var (plan, result) = (new StepPlan(), new StepResult());

        // tiny-r1 has about 220,000 multiply-adds a row and layer.
        plan.Add(new StepSequence { Tokens = new int[64], Blocks = new[] { 0 } });
        engine.Step(plan, result);
        Assert.False(engine.Pool.CallerAlone);

        plan.Clear();
        plan.Add(new StepSequence { Tokens = new int[1], StartPosition = 64, Blocks = new[] { 0, 1 }, Sample = true });
        engine.Step(plan, result);
        Assert.True(engine.Pool.CallerAlone);
    }

    [Fact]
    public void Step_SharedOrNot_GivesTheSameBits()
    {
        var plan = new StepPlan();
        plan.Add(new StepSequence { Tokens = Enumerable.Range(60, 21).ToArray(), Blocks = new[] { 0 }, SampleRows = 3 });
        Assert.Equal(Logits(smallest: 0, alone: false), Logits(smallest: long.MaxValue, alone: true));

        float[] Logits(long smallest, bool alone)
        {
            using var engine = new CpuEngine(TestModel.TinyR1, new EngineOptions { KvBlocks = 4, Threads = 2, SmallestSharedStep = smallest });
            var result = new StepResult();
            engine.Step(plan, result);
            Assert.Equal(alone, engine.Pool.CallerAlone);
            return [.. Enumerable.Range(0, 3).SelectMany(row => result.Logits(0, row).ToArray())];
        }
    }

    [Fact]
    public void Step_RowsFarBehind_CountsWhatTheyAttendTo()
    {
        // Four rows alone are below the limit; with a thousand positions each they are not.
        using var engine = new CpuEngine(TestModel.TinyR1, new EngineOptions { KvBlocks = 16, MaxBatchTokens = 1024, Threads = 2 });
        var (plan, result) = (new StepPlan(), new StepResult());
        var blocks = Enumerable.Range(0, 16).ToArray();
        foreach (var (start, alone) in new[] { (0, true), (1000, false) })
        {
            plan.Clear();
            plan.Add(new StepSequence { Tokens = new int[4], StartPosition = start, Blocks = blocks, SampleRows = 1 });
            engine.Step(plan, result);
            Assert.Equal(alone, engine.Pool.CallerAlone);
        }
    }
}
