using Grpc.Core;
using OrleansServe.ClusterTests.Serving;
using OrleansServe.Protocol.V1;

namespace OrleansServe.ClusterTests.Faults;

/// <summary>Requests of every kind that a resume has to get right, the same for the same seed.</summary>
internal static class MixedTraffic
{
    private static readonly string[] Topics = ["What is 17 + 25?", "How many r's are in strawberry?", "Say it backwards: marbles.", "A box has 12 rows of 8 eggs. How many eggs?"];

    /// <summary>Draws the requests.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">Decides what they are.</param>
    /// <returns>Calls, each of which can be made more than once.</returns>
    public static IReadOnlyList<Func<InferenceService.InferenceServiceClient, AsyncServerStreamingCall<GenerateResponse>>> Draw(int count, Random random) =>
        [.. Enumerable.Range(0, count).Select(i => DrawOne(i, random))];

    private static Func<InferenceService.InferenceServiceClient, AsyncServerStreamingCall<GenerateResponse>> DrawOne(int i, Random random)
    {
        SamplingOptions sampling = new() { Temperature = 0, MaxTokens = random.Next(30, 240), Seed = (ulong)random.Next() };
        StopOptions stop = new() { IgnoreEos = true };
        OutputOptions output = new() { Logprobs = true };
        switch (i % 8)
        {
            case 0:
                break;
            case 1:
                sampling.Temperature = 1;
                sampling.TopP = 0.95f;
                break;
            case 2:
                sampling.Temperature = 1.2f;
                sampling.N = random.Next(2, 4);
                sampling.MaxTokens /= 2;
                break;
            case 3:
                sampling.Temperature = 1;
                stop.Strings.AddRange(["12", " a", "\n\n"]);
                break;
            case 4:
                output.TopLogprobs = 4;
                output.PromptLogprobs = true;
                break;
            case 5:
                sampling.Temperature = 0.8f;
                sampling.RepetitionPenalty = 1.2f;
                sampling.FrequencyPenalty = 0.4f;
                sampling.PresencePenalty = 0.2f;
                sampling.LogitBias.Add(random.Next(32, 127), 2);
                break;
            case 6:
                // Ends by itself, though not before it has said something.
                stop.IgnoreEos = false;
                sampling.MinTokens = Math.Min(30, sampling.MaxTokens);
                sampling.Temperature = 1;
                break;
            default:
                ChatRequest chat = Questions.Ask(Questions.Known[random.Next(3)].Question);
                chat.Thinking = random.Next(2) == 0;
                chat.Sampling.Temperature = random.Next(2) * 0.7f;
                chat.Sampling.Seed = sampling.Seed;
                return client => client.Chat(chat);
        }

        GenerateRequest request = new() { Text = $"{Topics[random.Next(Topics.Length)]} {random.Next(1000)}", Sampling = sampling, Stop = stop, Output = output };
        return client => client.Generate(request);
    }
}
