using System.Text.Json;
using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;
using OrleansServe.Engine.Sampling;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Speculation;

public sealed class DraftRecordTests
{
    private const int Problems = 24;

    /// <summary>The embedded model's record says for each held-out answer how many of its tokens the MTP layer foresaw.</summary>
    [Fact]
    public void Draft_HeldOutPrompts_AreRightAsOftenAsRecorded()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.TinyR1, "eval.json")));
        var problems = json.RootElement.GetProperty("problems").EnumerateArray().Take(Problems).ToArray();
        using var driver = new EngineDriver(TestModel.TinyR1, threads: 2, kvBlocks: 16 * Problems, maxTokens: 1024);
        var width = driver.Engine.Info.Model.HiddenSize;
        var streams = problems.Select((p, i) =>
        {
            var prompt = Ints(p, "prompt_ids");
            return new SpeculativeStream(prompt, Ints(p, "output_ids").Length, width, null, 0, [.. Enumerable.Range(16 * i, KvLayout.BlocksFor(prompt.Length + 512))]);
        }).ToArray();
        var right = new int[Problems];
        while (Enumerable.Range(0, Problems).Where(i => !streams[i].Done).ToArray() is { Length: > 0 } running)
        {
            // The draft is made where there is one to be compared, and not verified: every token is its own step.
            var drafts = new int[Problems][];
            var plan = new DraftPlan();
            foreach (var i in running.Where(i => streams[i].Pending == 1))
            {
                plan.Add(streams[i].AskFor(1) with { Drafts = drafts[i] = new int[1] });
            }

            driver.Engine.Draft(plan);
            driver.Run([.. running.Select(i => streams[i].Next(streams[i].Pending))]);
            for (var p = 0; p < running.Length; p++)
            {
                streams[running[p]].Take(driver.Plan[p], driver.Result, p);
                right[running[p]] += drafts[running[p]] is [var draft] && draft == streams[running[p]].Produced[^1].Token ? 1 : 0;
            }
        }

        Assert.Equal(problems.Select(p => p.GetProperty("mtp_accepted").GetInt32()), right);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Draft_SteadyDecode_AllocatesNothingOnAnyThread(bool dividesRows)
    {
        const int Sequences = 4;
        using var driver = new EngineDriver(TestModel.TinyR1, threads: 3, kvBlocks: 64, dividesRows: dividesRows);
        var tokens = new int[4];
        var drafts = new int[Sequences][];
        var states = new float[Sequences][];
        var blocks = new int[Sequences][];
        for (var i = 0; i < Sequences; i++)
        {
            (drafts[i], states[i], blocks[i]) = (new int[1 + (i % 3)], new float[driver.Engine.Info.Model.HiddenSize], [.. Enumerable.Range(i * 8, 8)]);
        }

        var sampling = new SamplingParameters { Temperature = 0.8f, TopP = 0.9f, Seed = 5 };
        var plan = new DraftPlan();
        for (var position = 1; position < 200; position++)
        {
            Decode(position);
        }

        SteadyState.RequireNoAllocation(
            () =>
            {
                for (var position = 200; position < 400; position++)
                {
                    Decode(position);
                }
            },
            driver.Engine.Pool);

        void Decode(int position)
        {
            plan.Clear();
            driver.Plan.Clear();
            for (var i = 0; i < Sequences; i++)
            {
                plan.Add(new DraftSequence
                {
                    Token = tokens[0],
                    Position = position,
                    State = states[i],
                    Blocks = blocks[i],
                    Sampling = i % 2 == 0 ? sampling : null,
                    Drafts = drafts[i],
                });
                driver.Plan.Add(new StepSequence
                {
                    Tokens = tokens,
                    StartPosition = position,
                    PreviousState = states[i],
                    Blocks = blocks[i],
                    SampleRows = 4,
                    Sampling = i % 2 == 0 ? sampling : null,
                });
            }

            driver.Engine.Draft(plan);
            driver.Engine.Step(driver.Plan, driver.Result);
            for (var i = 0; i < Sequences; i++)
            {
                driver.Result.State(i, Verification.CountStanding(driver.Plan[i], driver.Result, i) - 1).CopyTo(states[i]);
            }
        }
    }

    private static int[] Ints(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];
}
