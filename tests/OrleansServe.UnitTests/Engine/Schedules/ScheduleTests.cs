using OrleansServe.Engine.Moe;
using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>The product's first promise, at the engine: whatever the schedule, a request gets the bits that it gets alone.</summary>
public sealed class ScheduleTests(ITestOutputHelper output)
{
    private const int Worlds = 28;
    private const int SchedulesPerWorld = 8;

    [Fact]
    public void Run_AnySchedule_GivesTheBitsOfTheRequestAlone()
    {
        SortedDictionary<string, int> events = new(StringComparer.Ordinal);
        foreach (var seed in Fuzzing.Seeds(Worlds))
        {
            try
            {
                RunWorld(seed, events);
            }
            catch (Exception e)
            {
                throw Fuzzing.Failed(seed, e);
            }
        }

        var schedules = events["schedules"];
        output.WriteLine(string.Join(", ", events.Select(e => $"{e.Key}: {e.Value}")));
        string[] kinds = ["drafts right", "drafts wrong", "moved", "preempted", "resumed", "tokens from the cache"];
        Assert.All(kinds, kind => Assert.True(schedules < Worlds || events[kind] > schedules / 4, $"{kind}: {events[kind]} times in {schedules} schedules"));
    }

    [Fact]
    public void Run_ExpertsThatMindTheirCompany_AreCaught()
    {
        var seed = 0;
        while (!RandomModel.Draw(new Random(seed)).HasMoeLayers)
        {
            seed++;
        }

        using var world = World.Draw(seed);
        var fault = Assert.ThrowsAny<Exception>(() =>
        {
            for (var i = 0; i < SchedulesPerWorld; i++)
            {
                using var schedule = new Schedule(world, i, experts => new CompanyDispatcher(experts));
                schedule.Run();
            }
        });
        Assert.Contains(" alone", fault.Message, StringComparison.Ordinal);
    }

    private static void RunWorld(int seed, SortedDictionary<string, int> events)
    {
        using var world = World.Draw(seed);
        for (var i = 0; i < SchedulesPerWorld; i++)
        {
            using var schedule = new Schedule(world, i);
            schedule.Run();
            foreach (var (kind, times) in schedule.Events.Append(new("schedules", 1)))
            {
                events[kind] = events.GetValueOrDefault(kind) + times;
            }
        }
    }

    /// <summary>The mistake that the tests are there for: a kernel that rounds differently as soon as it has more than one row.</summary>
    private sealed class CompanyDispatcher(IExpertDispatcher experts) : IExpertDispatcher
    {
        private ExpertWork _work;

        public void Begin(in ExpertWork work)
        {
            _work = work;
            experts.Begin(work);
        }

        public void Complete()
        {
            experts.Complete();
            if (_work.Rows > 1)
            {
                var output = _work.Output.Span;
                output[0] = MathF.BitIncrement(output[0]);
            }
        }
    }
}
