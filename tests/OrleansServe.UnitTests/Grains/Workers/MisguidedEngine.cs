using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>An engine whose drafts come from the test.</summary>
/// <param name="inner">Does the work; the misguided engine's from now on.</param>
/// <param name="draft">The draft for a position, or −1 for none; null leaves the model's own.</param>
/// <param name="steps">Receives the tokens that each step fed.</param>
/// <param name="fault">What every draft ends with; null for drafts.</param>
internal sealed class MisguidedEngine(IEngine inner, Func<int, int>? draft, List<int> steps, Exception? fault = null) : IEngine
{
    public EngineInfo Info => inner.Info;

    public IKvMemory Kv => inner.Kv;

    public void Step(StepPlan plan, StepResult result)
    {
        steps.Add(Enumerable.Range(0, plan.Count).Sum(i => plan[i].Tokens.Length));
        inner.Step(plan, result);
    }

    public void Draft(DraftPlan plan)
    {
        if (fault is not null)
        {
            throw fault;
        }

        inner.Draft(plan);
        for (int i = 0; draft is not null && i < plan.Count; i++)
        {
            Span<int> drafts = plan[i].Drafts.Span;
            for (int j = 0; j < drafts.Length; j++)
            {
                drafts[j] = draft(plan[i].Position + 1 + j);
            }
        }
    }

    public void Dispose() => inner.Dispose();
}
