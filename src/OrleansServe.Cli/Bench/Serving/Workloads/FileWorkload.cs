using OrleansServe.Simulation.Demand;

namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>Prompts out of a file, in its order and, where there are more requests than prompts, from its beginning again.</summary>
/// <param name="Name">The file.</param>
/// <param name="Prompts">What it holds; at least one.</param>
/// <param name="Requests">How many requests.</param>
/// <param name="Output">Tokens of an answer where the file does not say.</param>
internal sealed record FileWorkload(string Name, IReadOnlyList<FilePrompt> Prompts, int Requests, LengthDistribution Output)
{
    /// <summary>In words.</summary>
    public string Description => $"{Prompts.Count} prompts of {Name}" + (Requests > Prompts.Count ? ", again and again" : "");

    /// <summary>Draws the requests.</summary>
    /// <param name="arrivals">When they come.</param>
    /// <param name="seed">Everything drawn is a function of it.</param>
    public IReadOnlyList<PlannedRequest> Plan(ArrivalProcess arrivals, ulong seed)
    {
        SeededDraws outputs = DrawPurpose.OutputLengths.Draw(seed);
        PlannedRequest[] planned = new PlannedRequest[Requests];
        for (int i = 0; i < planned.Length; i++)
        {
            FilePrompt prompt = Prompts[i % Prompts.Count];
            int drawn = Output.Next(outputs);
            planned[i] = new PlannedRequest(i, arrivals.Next(), null, prompt.OutputTokens ?? drawn, () => new PromptContent(prompt.Text, null));
        }

        return planned;
    }
}
