using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Demo.Crash;

/// <summary>What the crash demonstration asks: four answers long enough to be interrupted, greedy ones and drawn ones.</summary>
internal static class CrashScript
{
    private static readonly (string Question, float Temperature)[] Asked =
    [
        ("There are 1250 marbles in one box and 375 marbles in another. How many are there in total?", 0),
        ("How many r's are in strawberry?", 0.6f),
        ("There were 1625 marbles in the box. I took out 118. How many remain?", 0.6f),
        ("What is 347 + 285?", 0),
    ];

    /// <summary>The questions, as they are shown.</summary>
    public static IReadOnlyList<string> Questions { get; } = [.. Asked.Select(asked => asked.Question)];

    /// <summary>The request behind a question; twice the same one gives twice the same answer.</summary>
    public static ChatRequest Request(int question) => new()
    {
        Messages = { new ChatMessage { Role = ChatMessage.Types.Role.User, Content = Asked[question].Question } },
        Sampling = new SamplingOptions { Temperature = Asked[question].Temperature, Seed = (ulong)question + 1, MaxTokens = 200 },
        Output = new OutputOptions { Logprobs = true },
    };
}
