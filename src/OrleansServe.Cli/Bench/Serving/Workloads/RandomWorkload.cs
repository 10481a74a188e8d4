using OrleansServe.Simulation.Demand;

namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>Prompts of random tokens, with a beginning that several of them share where one is asked for.</summary>
/// <param name="Requests">How many.</param>
/// <param name="Input">Tokens of a prompt, behind the prefix.</param>
/// <param name="Output">Tokens of an answer.</param>
/// <param name="PrefixLength">Tokens of the beginning; 0 for none.</param>
/// <param name="Prefixes">How many such beginnings there are; each prompt has one of them, each as likely.</param>
internal sealed record RandomWorkload(int Requests, LengthDistribution Input, LengthDistribution Output, int PrefixLength, int Prefixes)
{
    /// <summary>In words.</summary>
    public string Description => $"random tokens, {Input} in, {Output} out"
        + (PrefixLength == 0 ? "" : $", behind {(Prefixes == 1 ? "a prefix" : $"one of {Prefixes} prefixes")} of {PrefixLength} tokens");

    /// <summary>Draws the requests.</summary>
    /// <param name="vocabulary">Token ids are below this.</param>
    /// <param name="arrivals">When they come.</param>
    /// <param name="seed">Everything is a function of it.</param>
    public IReadOnlyList<PlannedRequest> Plan(int vocabulary, ArrivalProcess arrivals, ulong seed)
    {
        SeededDraws inputs = DrawPurpose.InputLengths.Draw(seed);
        SeededDraws outputs = DrawPurpose.OutputLengths.Draw(seed);
        SeededDraws prefixes = DrawPurpose.PrefixChoice.Draw(seed);
        PlannedRequest[] planned = new PlannedRequest[Requests];
        for (int i = 0; i < planned.Length; i++)
        {
            int subject = i;
            int input = Input.Next(inputs);
            int prefix = prefixes.Next(Prefixes);
            planned[i] = new PlannedRequest(i, arrivals.Next(), PrefixLength + input, Output.Next(outputs), () => new PromptContent(null, Tokens(subject, prefix, input)));
        }

        return planned;

        int[] Tokens(int request, int prefix, int input)
        {
            int[] tokens = new int[PrefixLength + input];
            Fill(tokens.AsSpan(0, PrefixLength), vocabulary, DrawPurpose.PrefixTokens.Draw(seed, (ulong)prefix));
            Fill(tokens.AsSpan(PrefixLength), vocabulary, DrawPurpose.PromptTokens.Draw(seed, (ulong)request));
            return tokens;
        }
    }

    /// <summary>Fills with tokens, each as likely.</summary>
    public static void Fill(Span<int> tokens, int vocabulary, SeededDraws draws)
    {
        foreach (ref int token in tokens)
        {
            token = draws.Next(vocabulary);
        }
    }
}
