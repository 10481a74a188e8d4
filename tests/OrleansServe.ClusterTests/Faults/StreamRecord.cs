using System.Globalization;
using System.Text;
using Grpc.Core;
using OrleansServe.Protocol.V1;

namespace OrleansServe.ClusterTests.Faults;

/// <summary>
/// Everything of a stream that has to be the same whatever happens on the way: each sample's tokens, the bits of all log-probabilities, texts, ends, and
/// what is charged. Not how tokens were cut into messages, nor which drafts and cached blocks helped.
/// </summary>
/// <param name="Text">All of it, as lines that show where two differ.</param>
/// <param name="Resumes">Times that a sample went on elsewhere.</param>
internal sealed record StreamRecord(string Text, int Resumes)
{
    /// <summary>Reads a stream to its end.</summary>
    /// <param name="call">The call.</param>
    /// <param name="onTokens">Told of tokens as they come.</param>
    public static async Task<StreamRecord> ReadAsync(AsyncServerStreamingCall<GenerateResponse> call, Action<int> onTokens)
    {
        using (call)
        {
            SortedDictionary<int, Sample> samples = [];
            StringBuilder whole = new();
            int resumes = -1;
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                GenerateResponse response = call.ResponseStream.Current;
                if (response.Started is { } started)
                {
                    whole.AppendLine(CultureInfo.InvariantCulture, $"prompt {started.PromptTokens} seed {started.Seed} weights {started.WeightsFingerprint}");
                }
                else if (response.PromptLogprobs is { } part)
                {
                    whole.AppendLine(CultureInfo.InvariantCulture, $"prompt logprobs from {part.FirstPosition}:{Bits(part.Tokens)}");
                }
                else if (response.Delta is { } delta)
                {
                    Of(samples, delta.Index).Add(delta);
                    onTokens(delta.TokenIds.Count);
                }
                else if (response.Finished is { } finished)
                {
                    Of(samples, finished.Index).End = $"{finished.Reason} {finished.MatchedCase} {finished.StopString} {finished.StopTokenId}";
                    if (finished.Usage is { } usage)
                    {
                        resumes = finished.Timing.Resumes;
                        whole.AppendLine(CultureInfo.InvariantCulture, $"usage {usage.PromptTokens} {usage.CompletionTokens} {usage.ReasoningTokens}");
                    }
                }
            }

            foreach ((int index, Sample sample) in samples)
            {
                whole.AppendLine(CultureInfo.InvariantCulture, $"sample {index}: {sample}");
            }

            return resumes >= 0 ? new StreamRecord(whole.ToString(), resumes) : throw new InvalidOperationException("The stream ended without its usage.");
        }
    }

    private static Sample Of(SortedDictionary<int, Sample> samples, int index) => samples.TryGetValue(index, out Sample? sample) ? sample : samples[index] = new Sample();

    private static string Bits(IEnumerable<TokenLogprob> entries) => string.Concat(entries.Select(entry =>
        $" {entry.TokenId}={BitConverter.SingleToInt32Bits(entry.Logprob):x8}({string.Join(',', entry.Top.Select(top => $"{top.TokenId}={BitConverter.SingleToInt32Bits(top.Logprob):x8}"))})"));

    private sealed class Sample
    {
        private readonly List<int> _tokens = [];
        private readonly StringBuilder _logprobs = new();
        private readonly StringBuilder _reasoning = new();
        private readonly StringBuilder _text = new();

        public string End { get; set; } = "no end";

        public void Add(Delta delta)
        {
            _tokens.AddRange(delta.TokenIds);
            _logprobs.Append(Bits(delta.Logprobs));
            _reasoning.Append(delta.ReasoningText);
            _text.Append(delta.Text);
        }

        public override string ToString() => $"{End}\n  tokens {string.Join(' ', _tokens)}\n  thinks {_reasoning}\n  says {_text}\n  logprobs{_logprobs}";
    }
}
