using System.Text;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Demo.Crash;

/// <summary>One answer as it comes. Deltas are taken in by one task; another may look on.</summary>
internal sealed class CrashStream(string question, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();
    private readonly List<(int Token, int LogprobBits)> _tokens = [];
    private long _last = time.GetTimestamp();
    private TimeSpan _longestPause;
    private bool _answers;

    /// <summary>What was asked.</summary>
    public string Question { get; } = question;

    /// <summary>The decode worker that it began on.</summary>
    public string Worker { get; private set; } = "";

    /// <summary>Times that it went on elsewhere; known at its end.</summary>
    public int Resumes { get; private set; }

    /// <summary>It has come to its end.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Tokens so far.</summary>
    public int Tokens
    {
        get
        {
            lock (_lock)
            {
                return _tokens.Count;
            }
        }
    }

    /// <summary>Text so far, the thinking first.</summary>
    public string Text
    {
        get
        {
            lock (_lock)
            {
                return _text.ToString();
            }
        }
    }

    /// <summary>The longest time between two deltas.</summary>
    public TimeSpan LongestPause
    {
        get
        {
            lock (_lock)
            {
                return _longestPause;
            }
        }
    }

    /// <summary>How long nothing has come.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (_lock)
            {
                return time.GetElapsedTime(_last);
            }
        }
    }

    /// <summary>Takes in a message of the stream.</summary>
    public void Take(GenerateResponse response)
    {
        lock (_lock)
        {
            if (response.Started is { } started)
            {
                Worker = started.DecodeWorker;
            }
            else if (response.Delta is { } delta)
            {
                long now = time.GetTimestamp();
                TimeSpan pause = time.GetElapsedTime(_last, now);
                _longestPause = _tokens.Count > 0 && pause > _longestPause ? pause : _longestPause;
                _last = now;
                _text.Append(delta.ReasoningText);
                if (!_answers && delta.Text.Length > 0)
                {
                    _answers = true;
                    _text.Append('\n');
                }

                _text.Append(delta.Text);
                _tokens.AddRange(delta.TokenIds.Zip(delta.Logprobs, (token, entry) => (token, BitConverter.SingleToInt32Bits(entry.Logprob))));
            }
            else if (response.Finished is { } finished)
            {
                IsOver = true;
                Resumes = finished.Timing?.Resumes ?? 0;
            }
        }
    }

    /// <summary>Whether two answers are the same: every token, every bit of its log-probability, the text.</summary>
    public bool Equals(CrashStream other) => _tokens.SequenceEqual(other._tokens) && Text == other.Text && IsOver && other.IsOver;
}
