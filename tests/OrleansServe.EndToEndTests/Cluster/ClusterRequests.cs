using OrleansServe.EndToEndTests.Support;
using OrleansServe.Protocol.V1;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>Requests of every sort whose interruption could show: greedy, drawn, with penalties, with stop strings, several samples, thinking and plain.</summary>
internal static class ClusterRequests
{
    /// <summary>How many differ; a request of a larger number is the same as an earlier one.</summary>
    public const int Count = 120;

    private const int Sorts = 6;

    /// <summary>The request of a number.</summary>
    public static ChatRequest Of(int number)
    {
        int kind = number % Count;
        ChatRequest request = EvaluationProblem.Unseen[kind % EvaluationProblem.Unseen.Length].AsChat();
        request.Sampling = new SamplingOptions { Temperature = 0.9f, Seed = (ulong)kind, MaxTokens = 96 + (kind * 7 % 96) };
        request.Output = new OutputOptions { Logprobs = true, TopLogprobs = 2 };
        switch (kind % Sorts)
        {
            case 0:
                request.Sampling.Temperature = 0;
                break;
            case 1:
                request.Sampling.TopP = 0.8f;
                request.Stop = new StopOptions { IgnoreEos = true };
                break;
            case 2:
                request.Sampling.RepetitionPenalty = 1.3f;
                request.Sampling.FrequencyPenalty = 0.5f;
                request.Sampling.MinTokens = 30;
                break;
            case 3:
                request.Sampling.N = 2;
                break;
            case 4:
                request.Stop = new StopOptions { Strings = { "the answer", "42" } };
                break;
            default:
                request.Output = null;
                request.Stop = new StopOptions { IgnoreEos = true };
                break;
        }

        return request;
    }
}
