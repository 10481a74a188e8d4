using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Strands;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Strands;

/// <summary>Steps whose rows are divided between threads. That they give the bits of others is the schedules' business.</summary>
public sealed class StrandTests
{
    private static readonly int[] Prompt = [40, 41, 42, 43, 44, 45];

    [Fact]
    public void Step_FewRows_GoThroughBothDispatchers()
    {
        Counting first = new(), second = new();
        using var driver = new EngineDriver(TestModel.TinyR1, threads: 2, experts: first, second: second, dividesRows: true);

        driver.Run(TestSequence.At(0, Prompt[..1]).Next(1));
        var alone = first.Begun;
        Assert.Equal((3, 0), (alone, second.Begun));

        driver.Run(TestSequence.At(0, Prompt).Next(6, sampleRows: 6));
        Assert.Equal((2 * alone, alone), (first.Begun, second.Begun));
        Assert.Equal((3 * 3) + 3, first.Rows);
    }

    [Fact]
    public void Step_SomebodyWaitsForEachLayersKv_IsNotDivided()
    {
        Counting first = new(), second = new();
        List<int> layers = [];
        using var driver = new EngineDriver(TestModel.TinyR1, threads: 2, experts: first, second: second, dividesRows: true);
        driver.Plan.LayerCompleted = layers.Add;

        driver.Run(TestSequence.At(0, Prompt).Next(6));

        Assert.Equal(0, second.Begun);
        Assert.Equal([0, 1, 2, 3, 4], layers);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Step_OneStrandFails_EndsWithItsFailureAndTheNextGoesOn(int failing)
    {
        Counting first = new(), second = new();
        using var driver = new EngineDriver(TestModel.TinyR1, threads: 2, experts: first, second: second, dividesRows: true);
        using var alone = new EngineDriver(TestModel.TinyR1);
        var dispatcher = failing == 0 ? first : second;

        dispatcher.Fails = true;
        Assert.Throws<ExpertUnavailableException>(() => driver.Run(TestSequence.At(0, Prompt).Next(6)));
        dispatcher.Fails = false;

        Assert.Equal(alone.Feed(TestSequence.At(0, Prompt), 6), driver.Feed(TestSequence.At(0, Prompt), 6));
    }

    [Fact]
    public async Task Await_EarlierStrandIsBehind_WaitsForItAndNoLonger()
    {
        StrandOrder order = new(3, looks: 1);
        order.Begin();
        order.Wrote(0, 2);
        order.Await(0, 0, 5);
        order.Await(0, 1, 2);

        using Barrier started = new(2);
        var waiting = Task.Run(() =>
        {
            started.SignalAndWait();
            order.Await(0, 2, 2);
        });
        started.SignalAndWait();
        Assert.False(waiting.IsCompleted);
        order.Wrote(1, 2);
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private sealed class Counting : IExpertDispatcher
    {
        private readonly LocalExpertDispatcher _experts = new(TestModel.TinyR1.Experts!);

        public int Begun { get; private set; }

        public int Rows { get; private set; }

        public bool Fails { get; set; }

        public bool IsAway => false;

        public void Begin(in ExpertWork work)
        {
            Begun++;
            Rows += work.Rows;
            _experts.Begin(work);
        }

        public void Complete()
        {
            if (Fails)
            {
                throw new ExpertUnavailableException(1, 0, "it is gone");
            }

            _experts.Complete();
        }
    }
}
