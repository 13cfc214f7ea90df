namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// Where a search has been. A configuration is the set of completed operations that are placed, the state, and the set of unknown
/// operations that were used. Whoever got to the same place with fewer unknown operations could have done all the same afterwards, so
/// a configuration is known as soon as one of those is.
/// </summary>
/// <remarks>The set of completed operations is held as a random 128-bit hash: at 10^9 configurations the chance of a collision is below 10^-20.</remarks>
internal sealed class SearchMemo<TState>(IEqualityComparer<TState> states)
{
    private readonly Dictionary<Place, List<ulong[]>?> _seen = new(new PlaceComparer(states));

    /// <summary>Notes a configuration; false when it was known.</summary>
    /// <param name="placed">Hash of the completed operations that are placed.</param>
    /// <param name="state">The state.</param>
    /// <param name="unknown">The unknown operations used, a bit for each.</param>
    /// <param name="unknownCount">How many they are.</param>
    public bool TryAdd(UInt128 placed, TState state, ulong[] unknown, int unknownCount)
    {
        Place place = new(placed, state);
        bool known = _seen.TryGetValue(place, out List<ulong[]>? sets);
        if (known)
        {
            // Null stands for the empty set, which is contained in all.
            if (sets is null)
            {
                return false;
            }

            foreach (ulong[] set in sets)
            {
                if (IsSubset(set, unknown))
                {
                    return false;
                }
            }
        }

        if (unknownCount == 0)
        {
            _seen[place] = null;
            return true;
        }

        ulong[] copy = [.. unknown];
        if (sets is null)
        {
            _seen[place] = [copy];
        }
        else
        {
            sets.RemoveAll(s => IsSubset(copy, s));
            sets.Add(copy);
        }

        return true;
    }

    private static bool IsSubset(ulong[] small, ulong[] large)
    {
        for (int i = 0; i < small.Length; i++)
        {
            if ((small[i] & ~large[i]) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private readonly record struct Place(UInt128 Placed, TState State);

    private sealed class PlaceComparer(IEqualityComparer<TState> states) : IEqualityComparer<Place>
    {
        public bool Equals(Place x, Place y) => x.Placed == y.Placed && states.Equals(x.State, y.State);

        public int GetHashCode(Place place) => HashCode.Combine((ulong)place.Placed, place.State is null ? 0 : states.GetHashCode(place.State));
    }
}
