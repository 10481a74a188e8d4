using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;
using OrleansServe.UnitTests.Engine.Schedules;

namespace OrleansServe.UnitTests.Grains.Workers.Schedules;

/// <summary>An engine that mostly drafts what will come: random weights hardly ever do, and a run of right drafts is what has to change nothing.</summary>
/// <param name="inner">Does the work; this engine's from now on.</param>
/// <param name="world">Knows the answers.</param>
/// <param name="random">Says when it is silent.</param>
internal sealed class ForesightEngine(IEngine inner, World world, Random random) : IEngine
{
    private readonly int[][] _answers = [.. world.Requests.Select((request, i) => (int[])[.. request.Prompt, .. world.Expected[i].Select(o => o.Token)])];

    public EngineInfo Info => inner.Info;

    public IKvMemory Kv => inner.Kv;

    public void Step(StepPlan plan, StepResult result) => inner.Step(plan, result);

    public void Draft(DraftPlan plan)
    {
        inner.Draft(plan);
        for (int i = 0; i < plan.Count; i++)
        {
            ref readonly DraftSequence sequence = ref plan[i];
            if (random.Next(4) > 0 && Find(sequence.History.Span, sequence.Token) is { } answer)
            {
                // Behind the answer's end the model's own guess stays.
                int[] rest = answer[(sequence.Position + 1)..];
                rest.AsSpan(0, Math.Min(rest.Length, sequence.Drafts.Length)).CopyTo(sequence.Drafts.Span);
            }
        }
    }

    public void Dispose() => inner.Dispose();

    private int[]? Find(ReadOnlySpan<int> history, int token)
    {
        foreach (int[] answer in _answers)
        {
            if (history.Length < answer.Length && answer[history.Length] == token && answer.AsSpan().StartsWith(history))
            {
                return answer;
            }
        }

        return null;
    }
}
